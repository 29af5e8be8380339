import { parseEnv } from 'node:util'
import type { FileText, ReadFile } from '../../src/config/config-sources.ts'
import {
  type ConfigSources,
  type LoadedConfig,
  loadConfig,
  type Setting,
} from '../../src/config/load-config.ts'
import type { Config, OptionKey } from '../../src/config/option-table.ts'

/** Files by path; what is not text says why it cannot be read. */
export type FakeFiles = Readonly<Record<string, string | FileText>>

export function readFakeFiles(files: FakeFiles): ReadFile {
  return (path) => {
    const file = Object.hasOwn(files, path) ? files[path] : undefined
    if (file === undefined) return { kind: 'missing' }
    return typeof file === 'string' ? { kind: 'text', text: file } : file
  }
}

export interface LoadInput extends Partial<Omit<ConfigSources, 'readFile'>> {
  readonly files?: FakeFiles
}

/** Loads from what the test gives and nothing else; `print` unless it says otherwise, so that nothing is required. */
export function load({ files = {}, ...sources }: LoadInput): LoadedConfig {
  return loadConfig({
    purpose: 'print',
    env: {},
    parseToml: (text) => Bun.TOML.parse(text),
    parseEnvFile: parseEnv,
    ...sources,
    readFile: readFakeFiles(files),
  })
}

/** The configuration of a load that must succeed; else the test sees the problems. */
export function configOf(loaded: LoadedConfig): Config {
  if (loaded.config === undefined) throw new Error(`refused: ${JSON.stringify(loaded.problems)}`)
  return loaded.config
}

export function settingOf(loaded: LoadedConfig, key: OptionKey): Setting {
  const setting = loaded.settings.get(key)
  if (setting === undefined) throw new Error(`no setting ${key}`)
  return setting
}

/** Credentials that serve and stdio accept, of the form that Slack's have. */
export const credentials = {
  SLACK_BOT_TOKEN: 'xoxb-1',
  SLACK_SIGNING_SECRET: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
} as const
