import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signBody } from '../../src/slack/signature.ts'
import {
  derivedToken,
  type RunningServer,
  runBinary,
  spawnBinary,
  startServer,
  testCredentials,
} from '../support/binary.ts'
import { eventCallback, signedRequest } from '../support/signed-sender.ts'
import { verifies } from '../support/verifies.ts'

const signingSecret = testCredentials.SLACK_SIGNING_SECRET

/** A signed event with this id, and the status of its answer. */
async function send({ url }: Pick<RunningServer, 'url'>, eventId: string): Promise<number> {
  const request = signedRequest(eventCallback({ eventId }), {
    signingSecret,
    nowMs: Date.now(),
    url: `${url}/slack/events`,
  })
  return (await fetch(request)).status
}

describe('starting', () => {
  test('missing credentials are all named at once, with where to find them, and exit code 78', async () => {
    const { exitCode, stderr, stdout } = await runBinary()
    expect(exitCode).toBe(78)
    expect(stderr).toContain('SLACK_BOT_TOKEN')
    expect(stderr).toContain('SLACK_SIGNING_SECRET')
    expect(stderr).toContain('App Credentials')
    expect(stdout).toBe('')
  })

  verifies('S100', 'each half runs alone, without the credential of the other', async () => {
    const { SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET } = testCredentials
    for (const [args, env, status] of [
      [['--no-webhook'], { SLACK_BOT_TOKEN }, { webhook: 404, mcp: 401 }],
      [['--no-mcp'], { SLACK_SIGNING_SECRET }, { webhook: 401, mcp: 404 }],
    ] as const) {
      const child = spawnBinary({ args, env: { PORT: '0', LOG_FORMAT: 'json', ...env } })
      await using _child = child
      const line = await child.stdout.find((text) => text.includes('"msg":"server_started"'))
      const { url } = JSON.parse(line) as { url: string }
      const statusOf = async (path: string) => (await fetch(`${url}${path}`, { method: 'POST' })).status
      expect({ webhook: await statusOf('/slack/events'), mcp: await statusOf('/mcp') }).toEqual(status)
    }
  })

  test('a port in use is one line, and no second listener', async () => {
    const { child, port } = await startServer()
    await using _child = child
    const second = await runBinary({ env: { ...testCredentials, PORT: String(port) } })
    expect(second.exitCode).toBe(1)
    expect(second.stderr.trim().split('\n')).toHaveLength(1)
    expect(second.stderr).toContain(`port ${port}`)
  })

  test('the start line names the bound address and port', async () => {
    const { child, port, url } = await startServer()
    await using _child = child
    expect(child.stdout.logged('server_started')).toMatchObject([{ host: '127.0.0.1', port, url }])
    expect(port).toBeGreaterThan(0)
  })
})

/** So many that every sender is at it when the stop begins. */
const answersBeforeStop = 40

describe('stopping', () => {
  verifies('S79', 'SIGTERM and SIGINT drain and exit 0, refusing nobody that was taken in', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const server = await startServer()
      await using child = server.child
      const statuses: (number | string)[] = []
      const isBusy = Promise.withResolvers<void>()
      let isStopping = false
      const senders = Array.from({ length: 8 }, async (_, sender) => {
        for (let count = 0; !isStopping || count < 3; count++) {
          const status = await send(server, `Ev${sender}_${count}`).catch(() => 'refused' as const)
          statuses.push(status)
          if (statuses.length === answersBeforeStop) isBusy.resolve()
          if (status === 'refused') return
        }
      })
      await isBusy.promise
      isStopping = true
      child.signal(signal)
      expect(await child.exited).toBe(0)
      await Promise.all(senders)
      // Taken in and stored, or refused at the door: never half done.
      expect(statuses.filter((status) => status !== 200 && status !== 'refused')).toEqual([])
      const storedCount = child.stdout
        .logged('webhook_event_received')
        .filter(({ outcome }) => outcome === 'stored').length
      const takenCount = statuses.filter((status) => status === 200).length
      expect(takenCount).toBeGreaterThan(0)
      expect(storedCount).toBeGreaterThanOrEqual(takenCount)
      expect(child.stdout.logged('server_stopped')).toHaveLength(1)
    }
  })

  verifies(
    'server:stop:half-sent',
    'F25: half-sent bodies cost a stop neither its time nor its success',
    async () => {
      // Without an end of its own for them the test would take longer than it may.
      const server = await startServer({ env: { SERVER_SHUTDOWN_SECONDS: '600' } })
      await using child = server.child
      const senders = await Promise.all(
        ['Content-Length: 100\r\n\r\n{"a"', 'Transfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n'].map((rest) =>
          sendHalf(server, rest),
        ),
      )
      await untilActive(server, senders.length)
      child.signal('SIGTERM')
      expect(await child.exited).toBe(0)
      await child.closed
      expect(child.stdout.logged('server_stopped')).toHaveLength(1)
      await Promise.all(senders.map(({ closed }) => closed))
    },
  )

  test('an open stream does not keep the process', async () => {
    const server = await startServer()
    await using child = server.child
    const token = await derivedToken()
    const stream = await fetch(`${server.url}/mcp/sse`, { headers: { authorization: `Bearer ${token}` } })
    expect(stream.status).toBe(200)
    const text = stream.text().catch(() => 'cut')
    child.signal('SIGTERM')
    expect(await child.exited).toBe(0)
    expect(await text).toContain('retry:')
  })

  test('a second signal stops at once, and says what it left unfinished', async () => {
    const { promise: never, resolve: letGo } = Promise.withResolvers<void>()
    const isAsked = Promise.withResolvers<'asked'>()
    await using slack = startHangingSlack(() => isAsked.resolve('asked'), never)
    // A stop that nobody hurries would wait for the call longer than this test may take.
    const env = { SLACK_API_URL: slack.url, MCP_TRANSPORT: 'streamable-http', SERVER_SHUTDOWN_SECONDS: '600' }
    const server = await startServer({ env })
    await using child = server.child
    const token = await derivedToken()
    const pending = fetch(`${server.url}/call_tool`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({
        name: 'slack_post_message',
        arguments: { channel: 'C0123456789', text: 'still on its way' },
      }),
    }).then(
      ({ status }) => status,
      () => 'cut' as const,
    )
    // An answer before Slack is asked would mean that nothing is held.
    expect(await Promise.race([isAsked.promise, pending])).toBe('asked')
    child.signal('SIGTERM')
    await child.stdout.find((line) => line.includes('server_stop_requested'))
    child.signal('SIGTERM')
    expect(await child.exited).toBe(1)
    await child.closed
    expect(child.stdout.logged('server_stopped_unfinished')).toHaveLength(1)
    letGo()
    await pending
  })
})

/** Begins an event, and sends no more than `rest` after the headers that prove nothing yet. */
async function sendHalf({ port }: RunningServer, rest: string): Promise<{ readonly closed: Promise<void> }> {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>()
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: { data: () => undefined, close: () => close(), error: () => close() },
  })
  const timestamp = Math.floor(Date.now() / 1_000)
  const signature = signBody(signingSecret, timestamp, '{}')
  socket.write(
    `POST /slack/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Slack-Request-Timestamp: ${timestamp}\r\nX-Slack-Signature: ${signature}\r\n${rest}`,
  )
  return { closed }
}

/** Until so many requests are under way beside the one that asks. */
async function untilActive({ url }: RunningServer, count: number): Promise<void> {
  const deadlineMs = performance.now() + 20_000
  for (;;) {
    const text = await (await fetch(`${url}/metrics`)).text()
    if (text.includes(`\nhttp_server_active_requests ${count + 1}\n`)) return
    if (performance.now() > deadlineMs) throw new Error(`In vain: ${text.match(/^http_server_active.*/m)}`)
  }
}

/** A Slack that says who it is and answers no message. */
function startHangingSlack(onMessage: () => void, never: Promise<void>) {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      if (!new URL(request.url).pathname.endsWith('/chat.postMessage'))
        return Response.json({ ok: true, user_id: 'U1', team_id: 'T1', bot_id: 'B1' })
      onMessage()
      await never
      return Response.json({ ok: true })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}/api/`,
    async [Symbol.asyncDispose]() {
      await server.stop(true)
    },
  }
}

describe('the sqlite backend', () => {
  verifies(
    'queue:sqlite:process',
    'keeps what was acknowledged through kill -9, and its ids too',
    async () => {
      const stateDirectory = mkdtempSync(join(tmpdir(), 'slack-integrated-server-state-'))
      const env = { QUEUE_BACKEND_TYPE: 'sqlite', STATE_DIR: stateDirectory }
      try {
        const first = await startServer({ env })
        const taken = await Promise.all(Array.from({ length: 50 }, (_, index) => send(first, `Ev${index}`)))
        expect(taken.every((status) => status === 200)).toBe(true)
        first.child.signal('SIGKILL')
        await first.child.exited
        const second = await startServer({ env })
        await using child = second.child
        for (let index = 0; index < 50; index++) expect(await send(second, `Ev${index}`)).toBe(200)
        const metrics = await (await fetch(`${second.url}/metrics`)).text()
        expect(metrics).toContain('slackmcp_queue_depth 50')
        expect(metrics).toContain(
          'slackmcp_events_received_total{event_type="message",outcome="duplicate"} 50',
        )
        const third = await runBinary({ env: { ...testCredentials, ...env, PORT: '0' } })
        expect(third.exitCode).toBe(78)
        expect(third.stderr).toContain(String(child.pid))
      } finally {
        rmSync(stateDirectory, { recursive: true, force: true })
      }
    },
  )
})
