import { describe, expect, test } from 'bun:test'
import { runBinary, spawnBinary, startServer } from '../support/binary.ts'
import { secretCanaries, secretOptionNames, secretsIn } from '../support/secret-canaries.ts'
import { verifies } from '../support/verifies.ts'

/** Every secret option has a value that is found wherever it turns up. What every other child of these tests writes is looked through by test/support/binary.ts. */

/** Nobody listens there: Slack, the collector and the endpoint of events fail, and their failures are told. */
const away = 'http://127.0.0.1:9'
const env = {
  ...secretCanaries,
  LOG_LEVEL: 'debug',
  SLACK_API_URL: `${away}/api/`,
  FORWARD_URL: `${away}/events`,
  OTEL_EXPORTER_OTLP_ENDPOINT: away,
}

const mcpToken = secretCanaries['MCP_AUTH_TOKENS']?.replace('ci:', '') ?? ''

test('every secret option has a canary, and each is found where it is', () => {
  expect(Object.keys(secretCanaries).toSorted()).toEqual([...secretOptionNames].toSorted())
  for (const [name, value] of Object.entries(secretCanaries)) {
    expect(secretsIn(`before ${value} after`, secretCanaries)).toEqual([name])
  }
})

test('a child that writes a secret of its environment fails its test', async () => {
  // Where no such command exists, the command line that is refused is repeated.
  const child = spawnBinary({ args: [mcpToken], env: secretCanaries })
  await child.exited
  await child.closed
  await expect(child[Symbol.asyncDispose]()).rejects.toThrow('wrote the value of MCP_AUTH_TOKENS')
})

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** The requests of every route: by nobody, by somebody unknown, by a client and by the operator; with a body that means nothing. */
function requestsOf({ paths }: OpenApi, url: string): readonly Request[] {
  const bearers = [
    undefined,
    'a-stranger-with-a-token-of-32-characters',
    mcpToken,
    secretCanaries['ADMIN_TOKEN'],
  ]
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).flatMap((name) =>
      bearers.map((bearer) => {
        const method = name.toUpperCase()
        return new Request(`${url}${path}`, {
          method,
          headers: {
            ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
            'content-type': 'application/json',
          },
          ...(method !== 'GET' && { body: '{"name":"slack_read_emojis","arguments":{}}' }),
        })
      }),
    ),
  )
}

describe('no secret', () => {
  verifies('e2e:secrecy', 'is in an answer of any route, the metrics or the log', async () => {
    for (const transport of ['sse', 'streamable-http']) {
      const { child, url } = await startServer({ env: { ...env, MCP_TRANSPORT: transport } })
      await using _child = child
      const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi
      const statuses = new Set<number>()
      for (const request of requestsOf(document, url)) {
        const place = `${request.method} ${request.url}`
        const aborter = new AbortController()
        const response = await fetch(request, { signal: aborter.signal })
        statuses.add(response.status)
        const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
        const text = isStream ? '' : await response.text()
        if (isStream) aborter.abort()
        const said = `${text}${JSON.stringify(response.headers)}`
        expect([place, secretsIn(said, env)]).toEqual([place, []])
      }
      // Refusals, failures and successes are among them.
      expect([...statuses]).toEqual(expect.arrayContaining([200, 400, 401, 403]))
      expect(await child.stop()).toBe(0)
      await child.closed
      expect(child.stdout.lines.length).toBeGreaterThan(20)
    }
  })

  verifies('e2e:secrecy', 'is in what a command prints', async () => {
    for (const line of [
      'config show',
      'config show --json',
      'config check',
      'config schema',
      'doctor',
      'doctor --json',
      'healthcheck',
      'version --json',
      'manifest',
      'mcp install cursor --print',
      'mcp install vscode --print --transport http',
      'generate env',
      'generate kubernetes',
      'tools list',
      'tools scopes',
      'tools call slack_read_emojis',
      'events stats',
      'trigger message',
      'token --admin',
      'token --forward',
    ]) {
      const { stdout, stderr } = await runBinary({ args: line.split(' '), env: { ...env, PORT: '9' } })
      expect([line, secretsIn(stdout + stderr, line.startsWith('token') ? {} : env)]).toEqual([line, []])
      expect([line, stdout + stderr]).toEqual([line, expect.stringMatching(/\w/)])
    }
  })
})
