import { isObject, type JsonObject } from '../base/json-object.ts'

/**
 * Readers for what Slack answers. Shapes drift between workspaces and years, so every field is optional and a field of another type counts
 * as absent: a message must never fail to render because one of its parts is odd.
 */

const nothing: JsonObject = {}

/** `value` where it is an object, else an empty one. */
export function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : nothing
}

/** `value` where it is a list, else an empty one. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The objects of a list; members of other types are left out. */
export function asObjects(value: unknown): readonly JsonObject[] {
  return asList(value)
    .map(asObject)
    .filter((object) => object !== nothing)
}

/** `value` where it is text that says something: blanks count as absent. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

/** The texts of a list. */
export function asTexts(value: unknown): readonly string[] {
  return asList(value).filter((member): member is string => typeof member === 'string' && member !== '')
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** `object` without the fields that are undefined, so that what a model reads holds no empty words. */
export function compact<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}
