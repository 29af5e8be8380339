import type { Environment } from '../config/config-sources.ts'
import type { CliContext, Output } from './cli-context.ts'

/** Emphasis for people; plain text where no terminal reads it or colours are turned off. */
export interface TerminalStyle {
  bold(text: string): string
  dim(text: string): string
  good(text: string): string
  bad(text: string): string
}

/** Whether what is written to `output` may be emphasised. https://no-color.org: any non-empty value turns colours off. */
export function takesEmphasis({ isTerminal }: Output, env: Environment): boolean {
  return isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
}

export function createTerminalStyle({ stdout, env }: Pick<CliContext, 'stdout' | 'env'>): TerminalStyle {
  const isStyled = takesEmphasis(stdout, env)
  const sgr = (code: number) => (text: string) => (isStyled ? `\u001b[${code}m${text}\u001b[0m` : text)
  return { bold: sgr(1), dim: sgr(2), good: sgr(32), bad: sgr(31) }
}
