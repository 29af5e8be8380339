import { nearest } from '../base/text.ts'
import type { ConfigProblem } from '../config/config-problem.ts'
import type { LoadedConfig } from '../config/load-config.ts'
import { optionOf, subjectOf } from '../config/option-names.ts'
import type { OptionKey } from '../config/option-table.ts'
import { toolsetTable } from '../tools/slack-tool.ts'

const knownNames: readonly string[] = ['default', 'all', ...Object.keys(toolsetTable)]

/** Toolsets that no tool is in: the one part of the configuration that the option table cannot judge, since tools are not its to know. */
export function toolsetProblems({ values, settings }: LoadedConfig): readonly ConfigProblem[] {
  const { mcpToolsets = [], mcpTokens = [] } = values
  return [
    ...mcpToolsets.map((name) => ({ key: 'mcpToolsets' as const, name })),
    ...mcpTokens.flatMap(({ toolsets = [] }) =>
      toolsets.map((name) => ({ key: 'mcpTokens' as const, name })),
    ),
  ]
    .filter(({ name }) => !knownNames.includes(name))
    .map(({ key, name }) => unknownToolset(key, name, settings.get(key)?.origin.where))
}

function unknownToolset(key: OptionKey, name: string, from: string | undefined): ConfigProblem {
  const near = nearest(name, knownNames)
  const advice = near === undefined ? `toolsets: ${knownNames.join(', ')}` : `did you mean ${near}?`
  return { subject: subjectOf(optionOf(key)), message: `there is no toolset "${name}"; ${advice}`, from }
}
