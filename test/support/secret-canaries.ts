import { namedOptions } from '../../src/config/option-names.ts'

/** Whether what a process says, writes or answers holds a secret that it was configured with. */

/** Shorter texts stand for no secret that the product would take, and may be in an output by chance. */
const secretLengthMin = 16

export const secretOptionNames: readonly string[] = namedOptions.flatMap(({ row, env }) =>
  row.secret === true && env !== undefined ? [env] : [],
)

/** A value for every option that is a secret: each is taken, and each is told from all others. */
export const secretCanaries: Readonly<Record<string, string>> = {
  ADMIN_TOKEN: 'canary-admin-0123456789-0123456789-01234',
  SLACK_BOT_TOKEN: 'xoxb-111111111111-222222222222-canarycanarycanarybotbot',
  SLACK_USER_TOKEN: 'xoxp-111111111111-222222222222-333333333333-c0ffeec0ffeec0ffeec0ffeec0ffee99',
  SLACK_SIGNING_SECRET: 'c0ffee11c0ffee22c0ffee33c0ffee44',
  MCP_AUTH_TOKENS: 'ci:canary-mcp-0123456789-0123456789-0123456',
  REDIS_URL: 'redis://user:canary-redis-0123456789@127.0.0.1:9/0',
  FORWARD_SECRET: 'canary-forward-0123456789-0123456789-012',
  OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20canary-otlp-0123456789',
}

/** The names of the secrets of `env` whose value, or a part of it, is in `text`. */
export function secretsIn(text: string, env: Readonly<Record<string, string>>): readonly string[] {
  return secretOptionNames.filter((name) => {
    const value = env[name]
    return value !== undefined && partsOf(name, value).some((part) => text.includes(part))
  })
}

/** What is secret of a value: of a URL the password, of lists and pairs each value. */
function partsOf(name: string, value: string): readonly string[] {
  const secret = name === 'REDIS_URL' ? (/^\w+:\/\/(.*)@/.exec(value)?.[1] ?? '') : value
  return secret.split(/[,:=\s]|%20/).filter((part) => part.length >= secretLengthMin)
}
