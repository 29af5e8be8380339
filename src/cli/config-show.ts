import { renderProblems } from '../config/config-problem.ts'
import type { LoadedConfig, Setting } from '../config/load-config.ts'
import { settingText } from '../config/setting-text.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { loadCommandConfig } from './command-config.ts'
import { exitCodes } from './exit-codes.ts'
import { renderTable } from './table-layout.ts'

/** Prints every option with its value and origin. What is invalid is shown as such, and explained on stderr. */
export async function runConfigShow(context: CliContext, flags: ParsedFlags): Promise<number> {
  const loaded = loadCommandConfig(context, flags, { purpose: 'serve' })
  context.stdout.write(flags.own['json'] === true ? asJson(loaded) : asTable(loaded))
  if (loaded.problems.length > 0) context.stderr.write(renderProblems(loaded.problems))
  return exitCodes.done
}

/** A longer value, such as a list, is still shown whole: this is where people look for what is in force. */
const alignedCharactersMax = 48

function asTable({ settings }: LoadedConfig): string {
  const rows = [...settings.values()].map((setting) => [
    nameOf(setting),
    settingText(setting),
    originText(setting),
  ])
  return renderTable([['OPTION', 'VALUE', 'ORIGIN'], ...rows], alignedCharactersMax)
}

function asJson({ settings, problems, configFilePath }: LoadedConfig): string {
  const options = [...settings.values()].map((setting) => ({
    name: nameOf(setting),
    value: setting.value ?? null,
    refused: setting.isRefused,
    origin: setting.origin,
    overridden: setting.overridden,
  }))
  return `${JSON.stringify({ config_file: configFilePath ?? null, options, problems }, undefined, 2)}\n`
}

function nameOf({ option: { env, row, fileKey } }: Setting): string {
  return env ?? `[[${row.group}.${fileKey}]]`
}

function originText({ origin, overridden }: Setting): string {
  if (overridden.length === 0) return origin.where
  return `${origin.where} (overrides ${overridden.map(({ where }) => where).join(', ')})`
}
