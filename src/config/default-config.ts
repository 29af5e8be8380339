import { decodeDefault } from './option-decode.ts'
import { namedOptions } from './option-names.ts'
import type { Config } from './option-table.ts'

/** The configuration of someone who set nothing but `overrides`: for embedders and tests, who hand in final values. */
export function configWith(overrides: Partial<Config>): Config {
  const defaults = Object.fromEntries(namedOptions.map((option) => [option.key, decodeDefault(option)]))
  // Each default was decoded by its own row, as in loadConfig.
  return { ...(defaults as Config), ...overrides }
}
