import { defaultText } from '../config/option-describe.ts'
import { optionOf } from '../config/option-names.ts'
import type { OptionKey } from '../config/option-table.ts'

/** A variable with the value that a file gives it. */
export interface OptionSetting {
  readonly env: string
  readonly value: string
}

/** The variable of an option. Throws TypeError for one that only a configuration file can hold. */
export function envOf(key: OptionKey): string {
  const { env } = optionOf(key)
  if (env === undefined) throw new TypeError(`${key} has no variable`)
  return env
}

export function setting(key: OptionKey, value: string): OptionSetting {
  return { env: envOf(key), value }
}

/** What the option is where nobody sets it. Throws TypeError for one without a default. */
export function defaultOf(key: OptionKey): string {
  const text = defaultText(optionOf(key))
  if (text === undefined) throw new TypeError(`${key} has no default`)
  return text
}

/** PUBLIC_URL where somebody said what it is. */
export function publicUrlSettings(publicUrl: string | undefined): readonly OptionSetting[] {
  return publicUrl === undefined ? [] : [setting('publicUrl', publicUrl)]
}

/** What one of several servers needs, whichever of them a request reaches: sessions in none of them, events in a store that all share. */
export const replicaSettings: readonly OptionSetting[] = [
  // Legacy SSE would need both of its halves to reach the same one.
  setting('mcpTransport', 'streamable-http'),
  setting('mcpSessions', 'stateless'),
  setting('queueBackendType', 'redis'),
]
