import type { LoadedConfig } from '../config/load-config.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { loadCommandConfig } from './command-config.ts'
import { checkApp } from './doctor-app.ts'
import { type Check, checkAreas } from './doctor-check.ts'
import { checkConfig } from './doctor-config.ts'
import { checkHost } from './doctor-host.ts'
import { checkQueue } from './doctor-queue.ts'
import { checkSlack } from './doctor-slack.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { interruptible } from './interruptible.ts'
import { createTerminalStyle, type TerminalStyle } from './terminal-style.ts'

/**
 * Looks at everything that a server of this configuration needs, and says what to do about what is wrong. 0 where it would work; 78, 77, 69 or 1 for
 * what keeps it from that, the first that applies; with --strict also 1 for what somebody should look at.
 */
export async function runDoctor(context: CliContext, flags: ParsedFlags): Promise<number> {
  const loaded = loadCommandConfig(context, flags, { purpose: 'serve' })
  return await interruptible(context, async (signal) => {
    const isJson = flags.own['json'] === true
    const style = createTerminalStyle(context)
    const checks: Check[] = []
    for await (const found of look(context, flags, loaded, signal)) {
      if (signal.aborted) return exitCodes.interrupted
      if (!isJson) context.stdout.write(asText(found, style))
      checks.push(...found)
    }
    const code = exitCodeOf(checks, flags.own['strict'] === true)
    context.stdout.write(isJson ? asJson(checks, code) : summary(checks))
    return code
  })
}

/** Area by area, each as soon as it is known. Without a valid configuration there is nothing more to look at. */
async function* look(
  context: CliContext,
  flags: ParsedFlags,
  loaded: LoadedConfig,
  signal: AbortSignal,
): AsyncGenerator<readonly Check[]> {
  yield checkConfig(context, flags, loaded)
  const { config } = loaded
  if (config === undefined) return
  yield await checkSlack(context, flags, { config, signal })
  yield await checkApp(context, config)
  yield await checkQueue(context, config, signal)
  yield await checkHost(context, config)
}

const order: readonly ExitCode[] = [
  exitCodes.config,
  exitCodes.refused,
  exitCodes.unavailable,
  exitCodes.interrupted,
  exitCodes.failed,
]

function exitCodeOf(checks: readonly Check[], isStrict: boolean): ExitCode {
  const codes = checks.map(({ exitCode }) => exitCode)
  const worst = order.find((code) => codes.includes(code))
  if (worst !== undefined) return worst
  return isStrict && countOf(checks, 'warn') > 0 ? exitCodes.failed : exitCodes.done
}

function countOf(checks: readonly Check[], level: Check['level']): number {
  return checks.filter((check) => check.level === level).length
}

const areaColumns = Math.max(...checkAreas.map((area) => area.length))
const fixIndent = ' '.repeat(areaColumns + 8)

function asText(checks: readonly Check[], style: TerminalStyle): string {
  return checks.map((check) => renderCheck(check, style)).join('')
}

function renderCheck({ area, level, says, fix }: Check, style: TerminalStyle): string {
  const marks = {
    ok: style.good('ok  '),
    off: style.dim('--  '),
    warn: style.bold('!!  '),
    fail: style.bad('FAIL'),
  }
  const line = `${style.bold(area.toUpperCase().padEnd(areaColumns))}  ${marks[level]}  ${says}\n`
  return fix === undefined || fix === '' ? line : `${line}${fixIndent}fix: ${fix}\n`
}

function summary(checks: readonly Check[]): string {
  const problems = countOf(checks, 'fail')
  const warnings = countOf(checks, 'warn')
  if (problems + warnings === 0) return 'Everything is well.\n'
  return `${plural(problems, 'problem')}, ${plural(warnings, 'warning')}.\n`
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function asJson(checks: readonly Check[], code: ExitCode): string {
  const problems = countOf(checks, 'fail')
  const warnings = countOf(checks, 'warn')
  const rows = checks.map(({ area, level, says, fix }) => ({ area, level, says, fix: fix ?? null }))
  return `${JSON.stringify({ exit_code: code, problems, warnings, checks: rows }, undefined, 2)}\n`
}
