import { isObject } from '../base/json-object.ts'
import type { ClientEntry } from './mcp-clients.ts'

/** What is put into a client's file. */
export interface ClientChange {
  readonly key: string
  readonly name: string
  readonly entry: ClientEntry
  readonly extras: Readonly<Record<string, readonly ClientEntry[]>>
}

/** The file with the change in it. `refused`: it is not ours to guess, the person has to. */
export type ChangedFile =
  | { readonly kind: 'same' }
  | { readonly kind: 'changed'; readonly text: string; readonly replaces: boolean }
  | { readonly kind: 'refused'; readonly reason: string }

const refused = (reason: string): ChangedFile => ({ kind: 'refused', reason })

/** JSON with the change, everything else as it was, in the indentation that it had. An absent or empty file begins as an empty object. */
export function changeJsonFile(text: string, change: ClientChange): ChangedFile {
  const bare = text.replace(/^\ufeff/, '')
  // A number that a double cannot hold would come back as another one.
  if (/[:[,\s]-?\d{16,}/.test(bare)) return refused('it holds numbers that would not survive being rewritten')
  const root = bare.trim() === '' ? {} : parseObject(bare)
  if (root === undefined) return refused('it holds comments, or is not a JSON object')
  const servers = root[change.key] ?? {}
  if (!isObject(servers)) return refused(`"${change.key}" in it is no object`)
  const changed: Record<string, unknown> = {
    ...root,
    [change.key]: { ...servers, [change.name]: change.entry },
  }
  for (const [key, items] of Object.entries(change.extras)) {
    const before = root[key] ?? []
    if (!Array.isArray(before)) return refused(`"${key}" in it is no list`)
    changed[key] = [...before, ...items.filter((item) => !before.some((other) => hasSameId(item, other)))]
  }
  if (isSame(changed, root)) return { kind: 'same' }
  const rendered = JSON.stringify(changed, undefined, indentationOf(bare))
  return { kind: 'changed', text: `${rendered}\n`, replaces: Object.hasOwn(servers, change.name) }
}

/** TOML with a table for the entry at its end; what is there is not touched. `parse` throws SyntaxError. */
export function changeTomlFile(
  text: string,
  { key, name, entry }: ClientChange,
  parse: (text: string) => unknown,
): ChangedFile {
  const before = parseToml(text, parse)
  if (before === undefined) return refused('it is not TOML')
  const existing = serverOf(before, key, name)
  if (existing !== undefined) {
    return isSame(existing, entry)
      ? { kind: 'same' }
      : refused(`[${key}.${name}] is there already, with other settings`)
  }
  const gap = text.trim() === '' ? '' : text.endsWith('\n') ? '\n' : '\n\n'
  const appended = `${text}${gap}${renderTomlEntry({ key, name, entry })}`
  const after = parseToml(appended, parse)
  if (after === undefined || !isSame(serverOf(after, key, name), entry)) {
    return refused(`"${key}" in it is written in a form that nothing can be added to`)
  }
  return { kind: 'changed', text: appended, replaces: false }
}

/** The table alone, as it is added. */
export function renderTomlEntry({ key, name, entry }: Pick<ClientChange, 'key' | 'name' | 'entry'>): string {
  // JSON's strings and lists of strings are TOML's as well.
  const lines = Object.entries(entry).map(([field, value]) => `${field} = ${JSON.stringify(value)}`)
  return [`[${key}.${name}]`, ...lines, ''].join('\n')
}

/** The change alone, as it stands in a JSON file. */
export function renderJsonEntry({ key, name, entry, extras }: ClientChange): string {
  return `${JSON.stringify({ ...extras, [key]: { [name]: entry } }, undefined, 2)}\n`
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function parseToml(text: string, parse: (text: string) => unknown): unknown {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function serverOf(root: unknown, key: string, name: string): unknown {
  const servers = isObject(root) ? root[key] : undefined
  return isObject(servers) && Object.hasOwn(servers, name) ? servers[name] : undefined
}

function hasSameId(item: ClientEntry, other: unknown): boolean {
  return isObject(other) && other['id'] === item['id']
}

function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}

function indentationOf(text: string): string {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? '  '
}
