import type { Environment } from '../config/config-sources.ts'
import { optionOf } from '../config/option-names.ts'
import type { OptionKey } from '../config/option-table.ts'

/** All that whoever runs the demo decides: where it listens and what it logs. Everything else is the default or the demo's own. */
export const demoOptions: readonly OptionKey[] = [
  'host',
  'port',
  'allowedHosts',
  'mcpTransport',
  'mcpMountPath',
  'docsEnabled',
  'logLevel',
  'logFormat',
]

/** The variables of `demoOptions` alone. */
export function demoEnvironment(env: Environment): Environment {
  const names = demoOptions
    .map(optionOf)
    .flatMap(({ env: name, envAliases }) => (name === undefined ? envAliases : [name, ...envAliases]))
  return Object.fromEntries(names.map((name) => [name, env[name]]))
}
