import { configNotices } from '../config/config-notices.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { requireConfig } from './command-config.ts'
import { exitCodes } from './exit-codes.ts'

/** Says yes (0), or everything that is wrong (78). What is allowed but probably not meant is said as well. */
export async function runConfigCheck(context: CliContext, flags: ParsedFlags): Promise<number> {
  const loaded = requireConfig(context, flags, { purpose: 'serve' })
  context.stdout.write('The configuration is valid.\n')
  for (const { level, fields } of configNotices(loaded, context.env)) {
    if (level === 'warn') context.stderr.write(`Note: ${fields.problem}. ${fields.advice}\n`)
  }
  return exitCodes.done
}
