import { Secret } from '../base/secret.ts'
import { asOneLine } from '../base/text.ts'
import type { Setting } from './load-config.ts'

const noValue = '-'

/** A setting's value for people: secrets masked, named things by their names, `-` where there is nothing. */
export function settingText({ value, isRefused }: Setting): string {
  if (isRefused) return '(refused)'
  if (!Array.isArray(value)) return itemText(value)
  return value.length === 0 ? noValue : value.map(itemText).join(',')
}

function itemText(value: unknown): string {
  if (value === undefined) return noValue
  if (value instanceof Secret || typeof value !== 'object' || value === null) return asOneLine(String(value))
  // What is named has a secret or a policy behind the name.
  return 'name' in value ? `${asOneLine(String(value.name))}:${String(new Secret(''))}` : noValue
}
