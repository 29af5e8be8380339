import type { CliContext } from './cli-context.ts'

/** Emphasis for people; plain text where no terminal reads it or colours are turned off (https://no-color.org). */
export interface TerminalStyle {
  bold(text: string): string
  dim(text: string): string
  good(text: string): string
  bad(text: string): string
}

export function createTerminalStyle({ stdout, env }: Pick<CliContext, 'stdout' | 'env'>): TerminalStyle {
  const isStyled = stdout.isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  const sgr = (code: number) => (text: string) => (isStyled ? `\u001b[${code}m${text}\u001b[0m` : text)
  return { bold: sgr(1), dim: sgr(2), good: sgr(32), bad: sgr(31) }
}
