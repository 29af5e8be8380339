import { choicesOf } from '../../src/config/option-decode.ts'
import { defaultText } from '../../src/config/option-describe.ts'
import { type NamedOption, namedOptions } from '../../src/config/option-names.ts'
import { optionGroups } from '../../src/config/option-row.ts'
import { cell, code, madeFrom, page, table } from './markdown.ts'

const introduction = `Every option has a place in the configuration file, and, but for tables, an environment variable. Everything that is no secret has a flag.
For most uses two variables are enough: \`SLACK_BOT_TOKEN\` and \`SLACK_SIGNING_SECRET\`.

\`\`\`console
$ slack-integrated-server config show      # every option, its value, and where that comes from; secrets are masked
$ slack-integrated-server config check     # yes, or everything that is wrong (exit code 78)
$ slack-integrated-server config schema    # JSON Schema of the configuration file, for editors
\`\`\``

const precedence = `## Which value counts

The first of these that has a value. What is overridden is not looked at; \`config show\` names it.

1. The flag.
2. The environment variable; below it the same variable in the file that \`--env-file\` names. No \`.env\` is read unless it is named.
3. For secrets: the file that \`NAME_FILE\` names (\`SLACK_BOT_TOKEN_FILE=/run/secrets/bot-token\`), then the systemd credential
   \`$CREDENTIALS_DIRECTORY/name\` (\`LoadCredential=slack_bot_token:/etc/…\`). For \`STATE_DIR\`: systemd's \`$STATE_DIRECTORY\`.
4. The configuration file: the one that \`--config\` or \`CONFIG_FILE\` names, else the first that exists of
   \`$XDG_CONFIG_HOME/slack-integrated-server/config.toml\` (\`~/.config\` without that variable) and
   \`/etc/slack-integrated-server/config.toml\`. Never one in the working directory.
5. The default.

An empty value counts as unset (as a flag it is refused), and so does a \`\${user_config.…}\` that an MCP client left unexpanded. Integers are plain digits, booleans
\`true\` or \`false\`, lists are separated by commas. In a file that \`--env-file\` names, a value that holds \`#\` or blanks needs quotes.
Unknown flags, and unknown keys in the configuration file, are errors that name the nearest one; unknown variables are ignored.`

const secrets = `## Secrets

Secrets have no flag: the list of processes shows flags to everybody. They are never printed, not even in part: \`config show\` and every
error show \`[secret]\` or nothing. \`NAME_FILE\` may be a link and readable by others, as Kubernetes mounts it; blanks around the value are cut off.`

const file = `## The configuration file

TOML; each group below is a table. A list is an array of texts, or one text with commas as in the environment.

\`\`\`toml
[server]
host = "0.0.0.0"
public_url = "https://slack.example.com"

[slack]
retry = 3

[mcp]
transport = "streamable-http"
read_only = true

# What the bearer of one token may do. The token stands in token_file, or in MCP_AUTH_TOKENS under the same name.
[[mcp.tokens]]
name = "reports"
token_file = "/run/secrets/reports-token"
read_only = true
toolsets = ["messages", "channels"]
channels = ["#general", "C024BE91L", "!#hr"]
\`\`\``

const reloading = `## Reloading

SIGHUP makes \`serve\` read its configuration again (\`systemctl reload\`, \`kill -HUP\`): the configuration file, the file that \`--env-file\` names, every \`NAME_FILE\`,
\`token_file\` and credential. Flags and variables of the environment cannot change while a process runs. Options with a "yes" under "Reload" take effect at once
and together; a change of any other is named in the log (\`config_restart_needed\`) and takes effect at the next start.

- Nothing in flight is lost: a request ends by the policy that it began with. What a token opened ends with the reload that takes the token away or gives its
  name another one: sessions, streams, consumers.
- A configuration that cannot be used changes nothing. The log names every problem (\`config_problem_found\`), \`/health\` says \`"last_reload": "refused"\`, and
  \`slackmcp_config_last_reload_successful\` is 0 until a reload is applied.
- A server with a terminal ends when that terminal is closed, also by SIGHUP. \`stdio\`, \`demo\` and every other command end at SIGHUP.
- While a signing secret is replaced, list both (\`new,old\`), reload, change it in Slack, and take the old one out with a second reload. Tokens that are
  derived from the old one end then.`

/** docs/configuration.md */
export function renderConfigurationPage(): string {
  return page([
    madeFrom('src/config/option-table.ts'),
    '# Configuration',
    introduction,
    precedence,
    secrets,
    file,
    reloading,
    '## Options',
    ...Object.entries(optionGroups).flatMap(([group, says]) => [
      `### [${group}]`,
      says,
      table(
        ['Variable', 'Flag', `Key in \`[${group}]\``, 'Type', 'Default', 'Reload', 'What it does'],
        namedOptions.filter(({ row }) => row.group === group).map(optionCells),
      ),
    ]),
  ])
}

function optionCells(option: NamedOption): readonly string[] {
  const { env, envAliases, flag, fileKey, row } = option
  const flags =
    flag !== undefined && row.schema['type'] === 'boolean' ? [flag, flag.replace('--', '--no-')] : [flag]
  return [
    [env, ...envAliases].map(code).join(', '),
    flags.map(code).join(', '),
    code(fileKey),
    cell(row.fileOnly === true ? 'tables' : typeText(option)),
    code(defaultText(option)?.replaceAll(',', ', ')),
    row.reloads === true ? 'yes' : '',
    cell([row.description, ...(row.hint === undefined ? [] : [row.hint])].join(' ')),
  ]
}

/** What the option takes, in words: `integer, 0 to 65535`, `sse or streamable-http`, `list`. */
function typeText({ row: { schema, secret } }: NamedOption): string {
  const choices = choicesOf(schema)
  if (choices !== undefined) return choices.join(', ')
  switch (schema['type']) {
    case 'integer':
      return `integer, ${schema['minimum']} to ${schema['maximum']}`
    case 'number':
      return `number, ${schema['minimum']} to ${schema['maximum']}`
    case 'boolean':
      return 'true, false'
    case 'array':
      return secret === true ? 'secret list' : 'list'
    default:
      return secret === true ? 'secret' : 'text'
  }
}
