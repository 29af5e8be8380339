import { defaultText } from '../../src/config/option-describe.ts'
import { type NamedOption, namedOptions } from '../../src/config/option-names.ts'
import { optionGroups } from '../../src/config/option-row.ts'

const introduction = `# Made from src/config/option-table.ts by "bun run generate". Edit that, not this.
#
# Copy it, fill it in, and name it: slack-integrated-server --env-file .env
# It is read only when it is named, and the environment overrides it. Values with "#" or blanks need quotes.
# What stands behind a "#" shows the default.`

/** What nearly everybody sets: not commented out. */
const needed: readonly string[] = ['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET']

/** .env.example */
export function renderEnvExample(): string {
  const groups = Object.entries(optionGroups).map(([group, says]) => {
    const options = namedOptions.filter(({ env, row }) => env !== undefined && row.group === group)
    return [`# --- ${says}`, ...options.map(renderOption)].join('\n\n')
  })
  return `${[introduction, ...groups].join('\n\n')}\n`
}

function renderOption(option: NamedOption): string {
  const { env = '', row } = option
  const mark = needed.includes(env) ? '' : '#'
  const lines = [row.description, ...(row.hint === undefined ? [] : [row.hint])].map((line) => `# ${line}`)
  return [...lines, `${mark}${env}=${defaultText(option) ?? ''}`].join('\n')
}
