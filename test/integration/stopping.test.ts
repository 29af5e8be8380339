import { expect } from 'bun:test'
import { composeApp } from '../../src/app.ts'
import type { IntegratedAppOptions } from '../../src/app-options.ts'
import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds, isUuid } from '../../src/base/ids.ts'
import { listen } from '../../src/cli/listen.ts'
import { configWith } from '../../src/config/default-config.ts'
import { createDemoWorkspace } from '../../src/demo/workspace.ts'
import { MemoryQueue, memoryLimitsDefault } from '../../src/queue/memory.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { signingSecret } from '../support/http-fixture.ts'
import { fakeQueueDeps } from '../support/queue-deps.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { sequentialIds } from '../support/sequential-ids.ts'
import { signedRequest } from '../support/signed-sender.ts'
import { verifies } from '../support/verifies.ts'

/** Says when it is reached, and holds whoever reached it until it is opened. */
function gate() {
  const reached = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  return {
    reached: reached.promise,
    open: opened.resolve,
    pass() {
      reached.resolve()
      return opened.promise
    },
  }
}

/** Several turns of the loop: a stop that waits for nothing is through by then. */
async function settled(): Promise<void> {
  for (let round = 0; round < 20; round++) await settle()
}

/** A server over a queue that says when it is closed, with what is held at its gates, and what ended so far in its order. */
async function startHeld(more: IntegratedAppOptions = {}) {
  const ended: string[] = []
  const gates = { event: gate(), call: gate(), handler: gate() }
  class HeldQueue extends MemoryQueue {
    override async publish(...[event, signal]: Parameters<MemoryQueue['publish']>) {
      if (event.id !== 'EvHeld') return await super.publish(event, signal)
      await gates.event.pass()
      const outcome = await super.publish(event, signal)
      ended.push(outcome)
      return outcome
    }

    override async stop() {
      ended.push('queue')
      await super.stop()
    }
  }
  const workspace = createDemoWorkspace({ clock: createSystemClock(), ids: createSystemIds() })
  const queueDeps = fakeQueueDeps()
  const options: IntegratedAppOptions = {
    ...more,
    token: workspace.botToken,
    mcpTransport: 'streamable-http',
    queue: new HeldQueue(memoryLimitsDefault, queueDeps),
    async fetch(url, init) {
      if (!url.endsWith('chat.postMessage')) return await workspace.handle(new Request(url, init))
      await gates.call.pass()
      ended.push('posted')
      return await workspace.handle(new Request(url, init))
    },
  }
  const server = await startApp(options, ({ events }) =>
    events.on('app_mention', async () => {
      await gates.handler.pass()
      ended.push('handler')
    }),
  )
  return { server, ended, gates }
}

const heldEvent = (url: string) =>
  signedRequest(
    { type: 'event_callback', event_id: 'EvHeld', event: { type: 'message', channel: 'C2' } },
    { signingSecret, nowMs: Date.now(), url: `${url}/slack/events` },
  )

const heldCall = ({ bearer }: AppFixture): RequestInit => ({
  method: 'POST',
  headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
  body: JSON.stringify({
    name: 'slack_post_message',
    arguments: { channel: '#general', text: 'on its way' },
  }),
})

const noConnection = (port: number) =>
  Bun.connect({ hostname: '127.0.0.1', port, socket: { data: () => undefined } }).then(
    (socket) => {
      socket.terminate()
      return false
    },
    () => true,
  )

for (const [what, end] of [
  ['event', 'stored'],
  ['call', 'posted'],
] as const) {
  verifies(
    'S79',
    `F25: a stop closes the door and finishes the ${what} before it closes the queue`,
    async () => {
      const { server, ended, gates } = await startHeld()
      const { url, port } = listen(server.app, { host: '127.0.0.1', port: 0 })
      const answer = what === 'event' ? fetch(heldEvent(url)) : fetch(`${url}/call_tool`, heldCall(server))
      await gates[what].reached
      const stopped = server.stop()
      await settled()
      expect((await server.request('/readyz')).status).toBe(503)
      expect(await noConnection(port)).toBe(true)
      expect(ended).toEqual([])
      gates[what].open()
      expect((await answer).status).toBe(200)
      expect(await stopped).toEqual({ isClean: true, unfinished: [] })
      expect(ended).toEqual([end, 'queue'])
    },
  )
}

verifies('S79', 'a stop lets a handler finish before it closes the queue', async () => {
  const { server, ended, gates } = await startHeld()
  await server.event('EvHandled', { type: 'app_mention', channel: 'C1' })
  await gates.handler.reached
  const stopped = server.stop()
  await settled()
  expect(ended).toEqual([])
  gates.handler.open()
  expect(await stopped).toEqual({ isClean: true, unfinished: [] })
  expect(ended).toEqual(['handler', 'queue'])
})

verifies('S79', 'a stop gives up after SERVER_SHUTDOWN_SECONDS, and says on what', async () => {
  // The time of day is real, since the event is signed by it.
  const clock = new FakeClock(Date.now())
  const { server, ended, gates } = await startHeld({ clock, config: { serverShutdownSeconds: 3 } })
  await server.event('EvHandled', { type: 'app_mention', channel: 'C1' })
  await gates.handler.reached
  let unfinished: readonly string[] | undefined
  void server.stop().then((report) => {
    unfinished = report.unfinished
  })
  await clock.advance(2_999)
  expect([unfinished, ended]).toEqual([undefined, []])
  await clock.advance(2_000)
  expect(unfinished).toContain('handlers')
  expect(ended).toEqual(['queue'])
  gates.handler.open()
})

verifies('server:fault:note', 'the second error that nobody caught is counted and not logged', async () => {
  const log = new RecordingLogger()
  const server = composeApp(configWith({ slackApiUrl: 'http://127.0.0.1:1/api/' }), {
    logger: log,
    ids: sequentialIds(),
  })
  const faultCount = async () => {
    const response = await server.app.handle(new Request('http://localhost/metrics'))
    return /^slackmcp_faults_total (\d+)$/m.exec(await response.text())?.[1]
  }
  expect(await faultCount()).toBe('0')
  const [first, second] = [new Error('first'), new Error('second')]
  server.noteFault(first)
  server.noteFault(second)
  const [line, ...others] = log.named('server_fault')
  expect(line).toMatchObject({ level: 'error', fields: { error: first } })
  expect(isUuid(String(line?.fields['correlation_id']))).toBe(true)
  expect(others).toEqual([])
  expect(await faultCount()).toBe('2')
  await server.stop()
})
