import type { ExitCode } from './exit-codes.ts'

/** The parts of a server that `doctor` looks at, in its order. */
export const checkAreas = ['config', 'slack', 'events', 'queue', 'mcp', 'host'] as const
export type CheckArea = (typeof checkAreas)[number]

/** One thing that was looked at. */
export interface Check {
  readonly area: CheckArea
  /** `off`: nothing to look at. `warn`: it works, and somebody should look. */
  readonly level: 'ok' | 'off' | 'warn' | 'fail'
  /** What was found, on one line. Holds no secret. */
  readonly says: string
  /** What to do about it: of every `warn` and `fail`. */
  readonly fix?: string
  /** With `fail`: what the process ends with. */
  readonly exitCode?: ExitCode
}

/** Makes the checks of one area. */
export function checksOf(area: CheckArea) {
  return {
    ok: (says: string): Check => ({ area, level: 'ok', says }),
    off: (says: string): Check => ({ area, level: 'off', says }),
    warn: (says: string, fix: string): Check => ({ area, level: 'warn', says, fix }),
    fail: (exitCode: ExitCode, says: string, fix: string): Check => ({
      area,
      level: 'fail',
      says,
      exitCode,
      fix,
    }),
  }
}
