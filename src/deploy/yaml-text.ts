import type { OptionSetting } from './option-setting.ts'

/** A scalar that YAML takes for text, whatever is in it: JSON's strings are YAML's. */
export function quoted(text: string): string {
  return JSON.stringify(text)
}

/** Every line but empty ones, `spaces` further in. */
export function indented(text: string, spaces: number): string {
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(spaces))
}

/** Entries of a container's `env`. */
export function envEntries(settings: readonly OptionSetting[]): string {
  return settings.map(({ env, value }) => `- name: ${env}\n  value: ${quoted(value)}`).join('\n')
}

/** An entry of a container's `env` whose value stands in a secret. */
export function secretEntry({ env, value }: OptionSetting, key: string): string {
  return `- name: ${env}\n  valueFrom:\n    secretKeyRef: { name: ${value}, key: ${key} }`
}
