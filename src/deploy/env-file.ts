import { defaultText } from '../config/option-describe.ts'
import { type NamedOption, namedOptions } from '../config/option-names.ts'
import { optionGroups } from '../config/option-row.ts'
import type { Template } from './deployment.ts'

const introduction = (program: string) => `# Every variable, as "${program} generate env" prints them.
#
# Copy it, fill it in, and name it: ${program} --env-file .env
# It is read only when it is named, and the environment overrides it. Values with "#" or blanks need quotes.
# What stands behind a "#" shows the default.`

/** What nearly everybody sets: not commented out. */
const needed: readonly string[] = ['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET']

/** Every variable with what it does and its default: .env.example, and the file of a systemd unit. */
export const renderEnvFile: Template = ({ program }) => {
  const groups = Object.entries(optionGroups).map(([group, says]) => {
    const options = namedOptions.filter(({ env, row }) => env !== undefined && row.group === group)
    return [`# --- ${says}`, ...options.map(renderOption)].join('\n\n')
  })
  return `${[introduction(program), ...groups].join('\n\n')}\n`
}

function renderOption(option: NamedOption): string {
  const { env = '', row } = option
  const mark = needed.includes(env) ? '' : '#'
  const lines = [row.description, ...(row.hint === undefined ? [] : [row.hint])].map((line) => `# ${line}`)
  return [...lines, `${mark}${env}=${defaultText(option) ?? ''}`].join('\n')
}
