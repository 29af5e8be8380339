import { describe, expect, test } from 'bun:test'

/** A program of the machine that some tests need. */
export interface RealTool {
  readonly program: string
  /** The package of Debian that brings it. */
  readonly debian: string
  /** The variable that turns a missing program from a skipped test into a failed one where it is 1 (CI). */
  readonly demandedBy: 'REQUIRE_REDIS' | 'REQUIRE_TOOLS'
}

/** Registers tests that need the tool, by its path: skipped by name where it is missing, failed there where it is demanded. */
export function describeWithTool(tool: RealTool, name: string, register: (path: string) => void): void {
  const path = findProgram(tool.program)
  const missing = `${name}: ${tool.program} is missing (apt-get install ${tool.debian})`
  if (path !== undefined) describe(name, () => register(path))
  else if (Bun.env[tool.demandedBy] === '1') test(missing, () => expect.unreachable())
  else test.skip(missing, () => undefined)
}

/** Debian keeps servers in folders that only root has on its path. */
export function findProgram(program: string): string | undefined {
  return Bun.which(program, { PATH: `${Bun.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin` }) ?? undefined
}
