import { expect, test } from 'bun:test'
import { renderProblems } from '../../../src/config/config-problem.ts'
import { namedOptions } from '../../../src/config/option-names.ts'
import { settingText } from '../../../src/config/setting-text.ts'
import { type LoadInput, load } from '../../support/load-config.ts'
import { verifies } from '../../support/verifies.ts'

const canary = 'canary-0123456789-0123456789-0123456789'
const systemFile = '/etc/slack-integrated-server/config.toml'

/** Everything that can be said about a configuration. */
function everythingSaid(input: LoadInput): string {
  const loaded = load({ purpose: 'serve', ...input })
  return [
    renderProblems(loaded.problems),
    ...[...loaded.settings.values()].map(settingText),
    JSON.stringify([loaded.config, [...loaded.settings.values()], loaded.problems]),
    Bun.inspect(loaded, { depth: 9 }),
    String(loaded.config?.slackBotToken),
  ].join('\n')
}

/** A secret value that its option takes, and some that it refuses for different reasons. */
const takenForms: Readonly<Record<string, string>> = {
  MCP_AUTH_TOKENS: `ci:${canary},${canary}x`,
  REDIS_URL: `redis://user:${canary}@localhost/0`,
  OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${canary},x-key=${canary}`,
}
const refusedForms = [
  `${canary} with blanks`,
  `xapp-${canary}`,
  `xoxb-${canary}`,
  `redis://u:${canary}@a,b`,
  `http://${canary}`,
  `bad name:${canary}`,
  `bad name=${canary}`,
  `authorization=%${canary}`,
]

verifies(
  'config:secrecy',
  'no secret is in anything that is said, wherever it came from and whether it is taken or refused',
  () => {
    const secrets = namedOptions.filter(({ row, env }) => row.secret === true && env !== undefined)
    expect(secrets.length).toBeGreaterThan(5)
    for (const { env = '', credential = '', row, fileKey } of secrets) {
      for (const value of [takenForms[env] ?? canary, ...refusedForms]) {
        const toml = `[${row.group}]\n${fileKey} = ${JSON.stringify(value)}`
        const list = `[${row.group}]\n${fileKey} = [${JSON.stringify(value)}]`
        const inputs: readonly LoadInput[] = [
          { env: { [env]: value } },
          { envFilePath: '/e', files: { '/e': `${env}='${value}'` } },
          { env: { [`${env}_FILE`]: '/s' }, files: { '/s': value } },
          { env: { CREDENTIALS_DIRECTORY: '/c' }, files: { [`/c/${credential}`]: value } },
          { files: { [systemFile]: toml } },
          { files: { [systemFile]: list } },
          { files: { [systemFile]: `[${row.group}]\n${fileKey} = { a = ${JSON.stringify(value)} }` } },
        ]
        for (const input of inputs) expect(everythingSaid(input)).not.toContain(canary)
      }
    }
  },
)

test('token tables are not quoted, whatever is wrong with them', () => {
  for (const toml of [
    `[mcp]\ntokens = ["${canary}"]`,
    `[mcp]\ntokens = "${canary}"`,
    `[[mcp.tokens]]\nname = "ci"\ntoken = "${canary}"`,
    `[[mcp.tokens]]\nname = "${canary} with blanks"`,
  ]) {
    expect(everythingSaid({ files: { [systemFile]: toml } })).not.toContain(canary)
  }
  const files = { [systemFile]: '[[mcp.tokens]]\nname = "ci"\ntoken_file = "/t"', '/t': canary }
  expect(everythingSaid({ files })).not.toContain(canary)
})

test('the values that are no secrets are shown', () => {
  const said = everythingSaid({ env: { HOST: 'visible.example', MCP_AUTH_TOKENS: `ci:${canary}` } })
  expect(said).toContain('visible.example')
  expect(said).toContain('ci:[secret]')
})
