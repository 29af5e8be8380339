import { renderConfigSchema } from '../config/config-schema.ts'
import type { CliContext } from './cli-context.ts'
import { exitCodes } from './exit-codes.ts'

/** Prints the JSON Schema of the configuration file. Reads no configuration. */
export async function runConfigSchema({ stdout }: CliContext): Promise<number> {
  stdout.write(`${JSON.stringify(renderConfigSchema(), undefined, 2)}\n`)
  return exitCodes.done
}
