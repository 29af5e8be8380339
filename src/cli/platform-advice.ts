import { configNotices } from '../config/config-notices.ts'
import type { LoadedConfig } from '../config/load-config.ts'
import type { Logger } from '../observe/logger.ts'
import type { CliContext } from './cli-context.ts'

/** Says at start what the operator would otherwise find out the hard way. */
export function advise({ env }: CliContext, loaded: LoadedConfig, log: Logger): void {
  for (const { level, event, fields } of configNotices(loaded, env)) log[level](event, fields)
}
