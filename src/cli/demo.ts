import type { CliContext, ParsedFlags } from './cli-context.ts'

export async function runDemo(_context: CliContext, _flags: ParsedFlags): Promise<number> {
  throw new Error('not wired yet')
}
