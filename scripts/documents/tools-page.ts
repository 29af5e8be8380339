import { type SlackTool, type ToolsetName, toolsetTable } from '../../src/tools/slack-tool.ts'
import { toolTable } from '../../src/tools/tool-table.ts'
import { cell, code, madeFrom, page, prose, table } from './markdown.ts'

const toolsets = Object.keys(toolsetTable) as readonly ToolsetName[]

/** docs/tools.md: every tool with its arguments, scopes and cost. */
export function renderToolsPage(): string {
  return page([
    madeFrom('src/tools/tool-table.ts'),
    '# Tools',
    introduction,
    table(['Toolset', 'By default', 'What it is for', 'Tools'], toolsets.map(toolsetRow)),
    conventions.join('\n'),
    ...toolsets.flatMap((name) => [`## ${name}`, ...toolsOf(name).flatMap(renderTool)]),
  ])
}

const introduction = `What an AI client can do in Slack. Choose toolsets with \`--toolsets\` (\`default\`, \`all\`, or names), add single tools with \`--tools\`, leave some
out with \`--exclude-tools\`. Tools whose scopes the token lacks are not listed; \`tools scopes\` says which. \`tools list\`, \`tools describe NAME\` and
\`tools call NAME key=value …\` do without a client.`

const conventions = [
  '## What holds for all of them',
  '',
  '- **Names.** Wherever a channel or person is taken, so are `#name`, `@name`, an e-mail address, a permalink, and `<#C…>` or `<@U…>` copied from',
  '  a message. Look-ups read at most ten pages of a thousand, are remembered and shared, and are corrected by the events that arrive. A miss names',
  '  the nearest candidates and how far was looked.',
  '- **Times.** A Slack ts, ISO 8601, `30m`, `24h`, `7d`, `2w`, `today` or `yesterday`, meant and shown in the time zone of the server, which every result names.',
  '- **Untrusted content.** What comes from Slack says so (`source: slack`, `trusted: false`). Everything that others wrote is indented or stands behind',
  '  the ts of its message, so that it cannot pass for a line of the server. Characters that deceive a reader are shown as `\\u{…}`. A message is shown',
  '  up to 4,000 characters (detailed: 16,000), a page up to 60,000; what is cut is marked.',
  '- **Hidden authors.** With `--hide-authors bots`, `external` or both no result shows messages and files of apps other than this one, or of people of',
  '  other workspaces (Slack Connect); how many were left out is told, and an author who is not known yet costs a look-up. A copy that a member forwarded is the member’s, and stays.',
  '- **More.** Where there is more, the last line is the call that goes on.',
  '- **Writing.** Text is taken literally, but for `<@U…>`, `<#C…>` and links in Slack’s notation; `markdown` is standard markdown. Mentions of many people',
  '  and addresses that Slack would fetch are refused unless the operator allows them; previews are off. `dry_run` shows the calls and makes none.',
  '  Every write leaves a line in the log (`mcp_write_audited`: principal, tool, channel, outcome) without its content.',
  '- **Keys.** The same `idempotency_key` sends once within 24 hours. After an outcome that nobody knows the key stays taken: look before you send again.',
  '  A key belongs to one principal and one tool, and is refused with other arguments. With the Redis backend keys are kept in Redis: replicas share',
  '  them and restarts keep them; while Redis is away calls with a key are refused (`IDEMPOTENCY_UNAVAILABLE`) and nothing is sent. With the other backends',
  '  keys are kept in the memory of the process, the latest 1,000 of a principal: a restart forgets them, and other processes do not know them.',
  '- **Several items.** `responses` tells for each what became of it; one that failed does not stop the others. What is so already is done.',
  '- **Cost** is counted in calls to Slack: warm, with everything looked up before, and cold.',
]

function toolsOf(name: ToolsetName): readonly SlackTool[] {
  return toolTable.filter((tool) => tool.toolset === name)
}

function toolsetRow(name: ToolsetName): readonly string[] {
  const { isDefault, says } = toolsetTable[name]
  const links = toolsOf(name).map((tool) => `[${code(tool.name)}](#${tool.name})`)
  return [code(name), isDefault ? 'yes' : 'no', cell(says), links.join(', ')]
}

const effectWords = {
  read: 'Reads only',
  write: 'Writes',
  destructive: 'Destructive: something may be lost',
} as const

function renderTool(tool: SlackTool): readonly string[] {
  const { name, description, effect, scopes, cost } = tool
  const joined = scopes.map(code).join(tool.needsAnyScope === true ? ' or ' : ', ')
  const token = tool.token === 'user' ? ' of the user token' : ''
  const aliases = Object.entries(tool.aliases ?? {}).map(
    ([alias, argument]) => `${code(alias)} for ${code(argument)}`,
  )
  return [
    `### ${name}`,
    prose(description),
    `${effectWords[effect]}. Scopes${token}: ${joined}.`,
    `Slack calls: ${cost.warm} warm, ${cost.cold} cold (${cost.methods.map(code).join(', ')}).`,
    table(
      ['Argument', '', 'Type', 'Limits', 'Meaning'],
      Object.keys(tool.input.properties).map((argument) => argumentRow(tool, argument)),
    ),
    ...(aliases.length === 0 ? [] : [`Also taken: ${aliases.join(', ')}.`]),
    `\`\`\`json\n${JSON.stringify(tool.examples ?? {})}\n\`\`\``,
  ]
}

type Schema = Readonly<Record<string, unknown>>

function argumentRow(tool: SlackTool, argument: string): readonly string[] {
  const schema: Schema = tool.input.properties[argument] ?? {}
  const items = schema['items'] as Schema | undefined
  const isRequired = tool.input.required?.includes(argument) === true
  const type = items === undefined ? String(schema['type']) : `list of ${String(items['type'])}`
  const limits = [
    ...limitsOf(schema),
    ...(items === undefined ? [] : limitsOf(items).map((limit) => `each ${limit}`)),
  ]
  const meaning = String(schema['description'] ?? items?.['description'] ?? '')
  return [code(argument), isRequired ? 'required' : '', type, limits.join(', '), cell(meaning)]
}

const limitWords = {
  minimum: 'from',
  maximum: 'to',
  default: 'default',
  maxLength: 'characters up to',
  maxItems: 'items up to',
  pattern: 'matching',
} as const

function limitsOf(schema: Schema): readonly string[] {
  return Object.entries(limitWords).flatMap(([keyword, words]) =>
    schema[keyword] === undefined ? [] : [`${words} ${code(String(schema[keyword]))}`],
  )
}
