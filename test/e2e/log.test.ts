import { describe, expect } from 'bun:test'
import { signBody } from '../../src/slack/signature.ts'
import { binaryPath, startServer, testCredentials } from '../support/binary.ts'
import { verifies } from '../support/verifies.ts'

/** The log of the compiled binary, with readers and contents that are not kind. */

const canaries = {
  SLACK_BOT_TOKEN: 'xoxb-777777777777-888888888888-CanaryBotTokenCanaryBotT',
  SLACK_SIGNING_SECRET: 'ca9a71e5ca9a71e5ca9a71e5ca9a71e5',
  ADMIN_TOKEN: 'canary-admin-token-canary-admin-token',
  MCP_AUTH_TOKENS: 'canary-mcp-token-canary-mcp-token-canary',
} as const

/** What callers might send us by mistake; not ours, but a secret of somebody. */
const foreign = {
  slack: 'xoxp-111-222-333-ForeignCanary',
  cookie: 'xoxd-ForeignCanary%2Bcookie',
  bearer: 'ForeignCanaryBearerValue.abc',
} as const

describe('secrets', () => {
  verifies(
    'S66',
    'are in nothing that the process writes, at the most talkative level, whatever goes wrong',
    async () => {
      // A Slack that answers with a page holding the token it was given, as proxies do.
      using slack = Bun.serve({
        port: 0,
        fetch: (request) =>
          new Response(`<html>${request.headers.get('authorization')} ${request.url}</html>`, {
            headers: { 'content-type': 'text/html' },
          }),
      })
      const { child, url } = await startServer({
        env: { ...canaries, LOG_LEVEL: 'debug', SLACK_API_URL: `http://127.0.0.1:${slack.port}/api/` },
      })
      await using _child = child
      const answers = await provoke(url)
      await child.stdout.find((line) => line.includes('"msg":"slack_request_failed"'))
      expect(await child.stop()).toBe(0)
      await child.closed
      const written = [child.stdout.text, child.stderr.text, ...answers].join('\n')
      for (const secret of [...Object.values(canaries), ...Object.values(foreign)]) {
        expect({ secret, isShown: written.includes(secret) }).toEqual({ secret, isShown: false })
      }
      expect(child.stdout.lines.length).toBeGreaterThan(10)
      for (const line of child.stdout.lines) JSON.parse(line)
    },
  )
})

/** Requests with secrets where they do not belong; the bodies of the answers. */
async function provoke(url: string): Promise<readonly string[]> {
  const body = JSON.stringify({ type: 'event_callback', event: { type: 'message', text: foreign.slack } })
  const timestamp = Math.floor(Date.now() / 1_000)
  const signed = {
    'content-type': 'application/json',
    'x-slack-request-timestamp': String(timestamp),
    'x-slack-signature': signBody(canaries.SLACK_SIGNING_SECRET, timestamp, Buffer.from(body)),
  }
  const call = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: foreign.slack, arguments: { token: foreign.cookie } },
  })
  const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  const requests: readonly (readonly [path: string, init: RequestInit])[] = [
    [`/?token=${foreign.slack}`, {}],
    [`/${foreign.slack}`, {}],
    ...Object.values(canaries).map((canary) => [`/x/${canary}`, {}] as const),
    ['/livez', { headers: { 'x-request-id': foreign.slack, cookie: foreign.cookie } }],
    ['/slack/events', { method: 'POST', body, headers: signed }],
    ['/slack/events', { method: 'POST', body, headers: { ...signed, 'x-slack-signature': foreign.slack } }],
    ['/slack/events', { method: 'POST', body: `${body}x`, headers: signed }],
    ['/mcp', { method: 'POST', body: call, headers: { ...json, authorization: `Bearer ${foreign.bearer}` } }],
    ['/mcp', { method: 'POST', body: call, headers: { ...json, authorization: foreign.slack } }],
    [
      '/mcp',
      {
        method: 'POST',
        body: call,
        headers: { ...json, authorization: `Bearer ${canaries.MCP_AUTH_TOKENS}` },
      },
    ],
    [
      '/mcp',
      {
        method: 'POST',
        body: `{"${foreign.slack}`,
        headers: { ...json, authorization: `Bearer ${canaries.MCP_AUTH_TOKENS}` },
      },
    ],
    ['/metrics', {}],
    ['/health', {}],
  ]
  return Promise.all(
    requests.map(async ([path, init]) => {
      const response = await fetch(`${url}${path}`, init)
      return response.text()
    }),
  )
}

/** Serves with a shell command as the reader of its log, behind the first line. */
async function serveInto(reader: string): Promise<{ url: string; end: () => Promise<void> }> {
  const shell = Bun.spawn(['/bin/sh', '-c', `"$0" serve | { head -n 1; exec ${reader}; }`, binaryPath], {
    env: { PATH: '/usr/bin:/bin', ...testCredentials, PORT: '0', LOG_FORMAT: 'json', LOG_LEVEL: 'debug' },
    stdio: ['ignore', 'pipe', 'inherit'],
    // A process group of its own, so that the whole pipeline ends together.
    detached: true,
  })
  const { url }: { url: string } = JSON.parse(await firstLine(shell.stdout))
  return {
    url,
    async end() {
      process.kill(-shell.pid, 'SIGKILL')
      await shell.exited
    },
  }
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  const reader = stream.getReader()
  while (!text.includes('\n')) {
    const { done, value } = await reader.read()
    if (done) throw new Error(`The output ended: ${text}`)
    text += decoder.decode(value, { stream: true })
  }
  reader.releaseLock()
  return text.slice(0, text.indexOf('\n'))
}

/** Each request writes a line of some 300 bytes at this level; a pipe holds 64 KiB. */
async function logALot(url: string): Promise<readonly number[]> {
  const statuses: number[] = []
  for (let round = 0; round < 40; round++) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => fetch(`${url}/livez?${'x'.repeat(200)}`)),
    )
    for (const answer of answers) {
      await answer.text()
      statuses.push(answer.status)
    }
  }
  return [...new Set(statuses)]
}

describe('a log whose reader', () => {
  verifies(
    'observe:log:reader-gone',
    'went away does not end the server',
    async () => {
      const { url, end } = await serveInto('true')
      try {
        expect(await logALot(url)).toEqual([200])
      } finally {
        await end()
      }
    },
    30_000,
  )

  verifies(
    'observe:log:slow-reader',
    'stands still does not hold the server',
    async () => {
      const { url, end } = await serveInto('sleep 60')
      try {
        expect(await logALot(url)).toEqual([200])
      } finally {
        await end()
      }
    },
    30_000,
  )
})
