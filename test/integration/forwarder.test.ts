import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { verifySlackRequest } from '@slack/bolt'
import { createIntegratedApp } from '../../src/app.ts'
import { createSystemClock } from '../../src/base/clock.ts'
import { Secret } from '../../src/base/secret.ts'
import { deriveTokens } from '../../src/config/derived-token.ts'
import { Forwarder, type ForwarderOptions, forwardRetry } from '../../src/events/forwarder.ts'
import type { EventMeta } from '../../src/queue/driver.ts'
import { MemoryQueue, memoryLimitsDefault } from '../../src/queue/memory.ts'
import { startApp } from '../support/app-fixture.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { type ForwardEndpoint, type Received, startForwardEndpoint } from '../support/forward-endpoint.ts'
import { signingSecret } from '../support/http-fixture.ts'
import { queuedEvent, topic } from '../support/queue-events.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { RecordingMetrics } from '../support/recording-metrics.ts'
import { sequentialIds } from '../support/sequential-ids.ts'
import { verifies } from '../support/verifies.ts'

const secret = 'f'.repeat(40)
const adminToken = 'admin-'.repeat(8)
const never = new AbortController().signal

let endpoint: ForwardEndpoint
const clock = { current: new FakeClock() }
const stops: (() => Promise<void>)[] = []

beforeEach(() => {
  endpoint = startForwardEndpoint()
})
afterEach(async () => {
  await endpoint[Symbol.asyncDispose]()
  for (const stop of stops.splice(0)) await stop()
})

async function fixture(options: Partial<ForwarderOptions> = {}) {
  // Slack's verifier looks at the clock of the machine.
  clock.current = new FakeClock(createSystemClock().now())
  const log = new RecordingLogger()
  const metrics = new RecordingMetrics()
  const deps = { clock: clock.current, ids: sequentialIds(), log, metrics }
  const queue = new MemoryQueue(memoryLimitsDefault, deps)
  await queue.start()
  const forwarder = new Forwarder(
    {
      url: endpoint.url,
      secret: () => new Secret(secret),
      patterns: ['*'],
      timeoutMs: 10_000,
      concurrencyMax: 2,
      isOrdered: false,
      userAgent: 'slack-integrated-server/1.2.3',
      ...options,
    },
    { ...deps, queue, topic, fetch: countedFetch },
  )
  forwarder.start()
  stops.push(async () => {
    await forwarder.stop(AbortSignal.abort())
    await queue.stop()
  })
  const publish = (id: string, body = `{"event_id":"${id}"}`, meta: Partial<EventMeta> = {}) => {
    const event = queuedEvent({ id, bytes: new TextEncoder().encode(body) })
    return queue.publish({ ...event, meta: { ...event.meta, ...meta } })
  }
  const pending = async () => (await queue.groups()).find(({ group }) => group === 'forward')?.pending
  return { log, metrics, queue, forwarder, publish, pending }
}

let inFlight = 0

/** A request is under way until its whole answer is there. */
async function countedFetch(url: string, init: RequestInit): Promise<Response> {
  inFlight++
  try {
    const response = await fetch(url, init)
    return new Response(await response.bytes(), { status: response.status, headers: response.headers })
  } finally {
    inFlight--
  }
}

/** Far above what a starved machine needs, and below the time-out of a test. */
const waitMaxMs = 20_000

/** Lets real sockets and the fake clock go on until `condition` holds; no time passes while a request is under way. */
async function until(says: string, condition: () => boolean | Promise<boolean>, stepMs = 0): Promise<void> {
  const startedAtMs = performance.now()
  while (!(await condition())) {
    if (performance.now() - startedAtMs > waitMaxMs) throw new Error(`Waited in vain until ${says}`)
    if (inFlight === 0) await clock.current.advance(stepMs)
    await settle()
  }
}

function takenBySlacksVerifier({ headers, bytes }: Received, signingSecret: string): boolean {
  try {
    verifySlackRequest({
      signingSecret,
      body: new TextDecoder().decode(bytes),
      headers: {
        'x-slack-signature': headers.get('x-slack-signature') ?? '',
        'x-slack-request-timestamp': Number(headers.get('x-slack-request-timestamp')),
      },
    })
    return true
  } catch {
    return false
  }
}

describe('a delivery', () => {
  verifies(
    'forward:bytes',
    "is the exact bytes with Slack's headers, signed so that Slack's verifier takes it",
    async () => {
      const { publish, pending } = await fixture({ concurrencyMax: 1 })
      const body = '{ "event_id":"Ev1",\t"text":"h\u00e9llo \\u0000 \ud83c\udf89" }'
      await publish('Ev1', body)
      await publish('Ev2', 'command=%2Fdeploy&text=', { source: 'commands', type: 'slash_command' })
      await publish('Ev3', 'payload=%7B%7D', { source: 'interactivity', type: 'interactive:shortcut' })
      await endpoint.receivedCount(3)
      await until('all are acknowledged', async () => (await pending()) === 0)
      const [first, ...forms] = endpoint.received
      expect(new TextDecoder().decode(first?.bytes)).toBe(body)
      expect(takenBySlacksVerifier(first as Received, secret)).toBe(true)
      expect(takenBySlacksVerifier(first as Received, `${secret}x`)).toBe(false)
      expect(forms.every((form) => takenBySlacksVerifier(form, secret))).toBe(true)
      const names = [
        'content-type',
        'user-agent',
        'x-correlation-id',
        'x-event-id',
        'x-event-type',
        'x-event-source',
        'x-event-attempt',
        'x-event-received-at-ms',
      ]
      expect(names.map((name) => first?.headers.get(name))).toEqual([
        'application/json',
        'slack-integrated-server/1.2.3',
        '00000000-0000-4000-8000-000000000001',
        'Ev1',
        'message',
        'events',
        '1',
        '1700000000123',
      ])
      for (const { headers } of forms)
        expect(headers.get('content-type')).toBe('application/x-www-form-urlencoded')
    },
  )

  test('goes out without a header whose value could be none', async () => {
    const { publish } = await fixture()
    await publish('Ev\r\nx-injected: 1', '{}', { type: 'm\u00e9ssage' })
    await endpoint.receivedCount(1)
    const headers = endpoint.received[0]?.headers
    expect([headers?.get('x-event-id'), headers?.get('x-event-type'), headers?.get('x-injected')]).toEqual([
      null,
      null,
      null,
    ])
    expect(headers?.get('x-event-source')).toBe('events')
  })

  verifies('forward:filter', 'is made of the wanted events alone; the others are acknowledged', async () => {
    const { publish, pending } = await fixture({ patterns: ['app_mention', 'message.im', 'reaction_*'] })
    const message = (kind: string) =>
      `{"type":"event_callback","event":{"type":"message","channel_type":"${kind}"}}`
    await publish('Ev1', message('channel'))
    await publish('Ev2', message('im'))
    await publish('Ev3', '{}', { type: 'reaction_added' })
    await publish('Ev4', '{}', { type: 'team_join' })
    await publish('Ev5', '{}', { type: 'app_mention' })
    await until('all are acknowledged', async () => (await pending()) === 0)
    expect(endpoint.received.map(({ headers }) => headers.get('x-event-id')).toSorted()).toEqual([
      'Ev2',
      'Ev3',
      'Ev5',
    ])
  })
})

describe('a delivery that fails', () => {
  verifies(
    'forward:retry',
    'is tried again with a fresh signature, and in the end is a dead letter with its reason',
    async () => {
      const { publish, queue, log } = await fixture({ timeoutMs: 86_400_000 })
      endpoint.answer(400)
      await publish('Ev1', '{"a":1}')
      await until('it is dead', async () => (await queue.depth()).deadLetters === 1, 600_000)
      expect(endpoint.received).toHaveLength(forwardRetry.attemptsMax)
      expect(endpoint.received.map(({ headers }) => headers.get('x-event-attempt'))).toEqual(
        Array.from({ length: forwardRetry.attemptsMax }, (_, index) => String(index + 1)),
      )
      const timestamps = endpoint.received.map(({ headers }) => headers.get('x-slack-request-timestamp'))
      expect(new Set(timestamps).size).toBeGreaterThan(20)
      const [letter] = await queue.deadLetters(topic, 1)
      expect([letter?.reason, letter?.group, letter?.attempts]).toEqual(['HTTP_400', 'forward', 25])
      expect(new TextDecoder().decode(letter?.event.bytes)).toBe('{"a":1}')
      expect(JSON.stringify(log.lines)).not.toContain('code=1')
    },
  )

  test('is spread over hours', async () => {
    const { publish, queue } = await fixture({ timeoutMs: 86_400_000 })
    endpoint.answer(400)
    const startedAtMs = clock.current.now()
    await publish('Ev1')
    await until('it is dead', async () => (await queue.depth()).deadLetters === 1, 600_000)
    const hours = (clock.current.now() - startedAtMs) / 3_600_000
    expect(hours).toBeGreaterThan(7)
    expect(hours).toBeLessThan(24)
  })

  verifies('forward:redirect', 'by a redirect leads nowhere else', async () => {
    const { publish, log, metrics } = await fixture()
    endpoint.answer('redirect', 200)
    await publish('Ev1')
    await until(
      'it is delivered',
      () => metrics.records.some(({ labels }) => labels['outcome'] === 'delivered'),
      1_000,
    )
    expect(endpoint.received.map(({ path }) => path)).toEqual(['/hook', '/hook'])
    expect(log.lines.find(({ event }) => event === 'forward_delivery_failed')?.fields['reason']).toBe(
      'HTTP_307',
    )
  })

  test('by silence is given up after the time-out, by a broken connection at once', async () => {
    const { publish, log, pending } = await fixture({ timeoutMs: 3_000 })
    endpoint.answer('hang', 200)
    await publish('Ev1')
    await endpoint.receivedCount(1)
    await clock.current.advance(2_999)
    expect(log.lines.filter(({ event }) => event === 'forward_delivery_failed')).toEqual([])
    await clock.current.advance(1)
    await until('it is given up', () => log.lines.some(({ event }) => event === 'forward_delivery_failed'))
    expect(log.lines.at(-1)?.fields['reason']).toBe('TIMEOUT')
    await until('it is delivered', async () => (await pending()) === 0, 1_000)
  })

  test('by a connection that breaks is tried again', async () => {
    let connections = 0
    const closing = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        data(socket) {
          connections++
          socket.terminate()
        },
      },
    })
    const { publish, log } = await fixture({ url: `http://127.0.0.1:${closing.port}/` })
    await publish('Ev1')
    await until('it was tried twice', () => connections >= 2, 1_000)
    closing.stop(true)
    const line = log.lines.find(({ event }) => event === 'forward_delivery_failed')
    expect(line?.fields['reason']).toMatch(/^[A-Za-z0-9_]+$/)
  })
})

describe('an endpoint that is down', () => {
  verifies(
    'forward:breaker',
    'is left alone after five failures, then asked by one delivery at a time',
    async () => {
      const { publish, forwarder, pending, log, metrics } = await fixture({ concurrencyMax: 4 })
      endpoint.answer(503)
      for (let index = 0; index < 40; index++) await publish(`Ev${index}`)
      await until('the breaker opened', () => forwarder.status().breaker === 'open')
      await until('those under way are answered', () => inFlight === 0)
      const countAtOpen = endpoint.received.length
      expect(countAtOpen).toBeGreaterThanOrEqual(5)
      expect(countAtOpen).toBeLessThanOrEqual(8)
      expect(forwarder.check()).toBe('degraded')
      await clock.current.advance(29_000)
      await settle()
      expect(endpoint.received).toHaveLength(countAtOpen)
      await until('the probe', () => endpoint.received.length > countAtOpen, 1_000)
      await until('the breaker is open again', () => forwarder.status().breaker === 'open' && inFlight === 0)
      expect(endpoint.received).toHaveLength(countAtOpen + 1)
      endpoint.answer(200)
      await until('all are delivered', async () => (await pending()) === 0, 5_000)
      expect(forwarder.check()).toBe('up')
      expect(forwarder.status().lastFailure).toBe('HTTP_503')
      expect(log.lines.some(({ event }) => event === 'forward_breaker_changed')).toBe(true)
      expect(
        metrics.sum('slackmcp_circuit_breaker_transitions_total', { name: 'forward', to: 'closed' }),
      ).toBe(1)
      // Waiting for the breaker is no try: whatever was not sent is sent as a first one.
      const firsts = endpoint.received.filter(({ headers }) => headers.get('x-event-attempt') === '1')
      expect(firsts).toHaveLength(40)
    },
  )

  test('is not what refusals of single events say', async () => {
    const { publish, forwarder } = await fixture()
    endpoint.answer(422)
    for (let index = 0; index < 10; index++) await publish(`Ev${index}`)
    await endpoint.receivedCount(10)
    await settle()
    expect(forwarder.status().breaker).toBe('closed')
  })

  verifies(
    'forward:gone',
    'for good, by 410, pauses forwarding: in log, metric and state; the events wait',
    async () => {
      const { publish, forwarder, pending, log, metrics, queue } = await fixture({ concurrencyMax: 1 })
      endpoint.answer(200, 410, 200)
      for (const id of ['Ev1', 'Ev2', 'Ev3']) await publish(id)
      await until('forwarding is paused', () => forwarder.status().state === 'paused')
      await clock.current.advance(86_400_000)
      await settle()
      expect(endpoint.received).toHaveLength(2)
      expect(await pending()).toBe(2)
      expect((await queue.depth()).deadLetters).toBe(0)
      expect(forwarder.check()).toBe('degraded')
      expect(
        metrics.records.filter(({ name }) => name === 'slackmcp_forward_paused').map(({ value }) => value),
      ).toEqual([0, 1])
      expect(
        log.lines.filter(({ event, level }) => event === 'forward_paused' && level === 'error'),
      ).toHaveLength(1)
    },
  )

  verifies('forward:resume', 'goes on when it is resumed, with what waited first', async () => {
    const { publish, forwarder, pending, log, metrics } = await fixture({ concurrencyMax: 1 })
    expect(forwarder.resume()).toBe(false)
    endpoint.answer(410, 200)
    for (const id of ['Ev1', 'Ev2']) await publish(id)
    await until('forwarding is paused', () => forwarder.status().state === 'paused')
    expect(forwarder.resume()).toBe(true)
    expect(forwarder.resume()).toBe(false)
    expect([forwarder.status().state, forwarder.check()]).toEqual(['running', 'up'])
    await until('both are delivered', async () => (await pending()) === 0)
    await publish('Ev3')
    await until('the next one is delivered', async () => (await pending()) === 0)
    expect(endpoint.received.map(({ headers }) => headers.get('x-event-id'))).toEqual([
      'Ev1',
      'Ev1',
      'Ev2',
      'Ev3',
    ])
    expect(metrics.records.filter(({ name }) => name === 'slackmcp_forward_paused').at(-1)?.value).toBe(0)
    expect(log.named('forward_resumed')).toHaveLength(1)
    await forwarder.stop(never)
    expect(forwarder.resume()).toBe(false)
  })

  verifies('forward:resume', 'may be paused again after it was resumed', async () => {
    const { publish, forwarder, pending, log } = await fixture({ concurrencyMax: 1 })
    endpoint.answer(410, 410, 200)
    await publish('Ev1')
    for (const count of [1, 2]) {
      await until('forwarding is paused', () => log.named('forward_paused').length === count)
      expect(forwarder.resume()).toBe(true)
    }
    await until('it is delivered', async () => (await pending()) === 0)
    expect(endpoint.received.map(({ headers }) => headers.get('x-event-attempt'))).toEqual(['1', '2', '3'])
  })

  verifies(
    'forward:untried',
    'costs those no try that wait for it longer than a lease usually is',
    async () => {
      // One probe in 30 s: the last of them waits for eight minutes.
      const concurrencyMax = 16
      const { publish } = await fixture({ concurrencyMax })
      endpoint.answer(503)
      for (let index = 0; index < concurrencyMax; index++) await publish(`Ev${index}`)
      await until('each was sent again', () => endpoint.received.length >= 5 + 3 * concurrencyMax, 1_000)
      const attempts = Map.groupBy(endpoint.received, ({ headers }) => headers.get('x-event-id'))
      for (const [id, received] of attempts) {
        const numbers = received.map(({ headers }) => Number(headers.get('x-event-attempt')))
        expect([id, numbers]).toEqual([id, received.map((_, index) => index + 1)])
      }
    },
  )
})

describe('a stop', () => {
  verifies('forward:untried', 'costs those no try that wait for an endpoint that is down', async () => {
    const { publish, forwarder, queue } = await fixture({ concurrencyMax: 4 })
    endpoint.answer(503)
    for (let index = 0; index < 12; index++) await publish(`Ev${index}`)
    await until('the breaker opened', () => forwarder.status().breaker === 'open' && inFlight === 0)
    const sent = new Set(endpoint.received.map(({ headers }) => headers.get('x-event-id')))
    await forwarder.stop(never)
    const attempts = new Map<string, number>()
    const reading = new AbortController()
    const ended = queue.subscribe({
      topic,
      group: 'forward',
      signal: reading.signal,
      handler: async ({ event, attempt }) => void attempts.set(event.id, attempt),
    })
    await until('all have come', () => attempts.size === 12)
    reading.abort()
    await ended
    for (const [id, attempt] of attempts) expect([id, attempt]).toEqual([id, sent.has(id) ? 2 : 1])
    expect([...attempts.values()].filter((attempt) => attempt === 1).length).toBeGreaterThan(0)
  })

  verifies('forward:untried', 'costs that one no try which it cuts', async () => {
    const { publish, forwarder, queue } = await fixture()
    endpoint.answer('hang')
    await publish('Ev1')
    await endpoint.receivedCount(1)
    await forwarder.stop(AbortSignal.abort())
    const reading = new AbortController()
    const attempt = await new Promise<number>((resolve) => {
      void queue.subscribe({
        topic,
        group: 'forward',
        signal: reading.signal,
        handler: async (delivery) => resolve(delivery.attempt),
      })
    })
    reading.abort()
    expect(attempt).toBe(1)
  })

  verifies('forward:stop', 'lets a delivery under way finish', async () => {
    const { publish, forwarder, pending } = await fixture()
    endpoint.answer('hang')
    await publish('Ev1')
    await endpoint.receivedCount(1)
    const stopped = forwarder.stop(never)
    await settle()
    endpoint.release()
    await stopped
    expect(await pending()).toBe(0)
    expect(forwarder.status().state).toBe('stopped')
  })

  test('cuts it short at the deadline, and the event stays', async () => {
    // As many as would open the breaker, were a stop the fault of the endpoint.
    const { publish, forwarder, pending } = await fixture({ concurrencyMax: 5 })
    endpoint.answer('hang')
    for (let index = 0; index < 5; index++) await publish(`Ev${index}`)
    await endpoint.receivedCount(5)
    const deadline = new AbortController()
    const stopped = forwarder.stop(deadline.signal)
    await settle()
    deadline.abort()
    await stopped
    expect(await pending()).toBe(5)
    expect(forwarder.check()).toBe('up')
  })
})

describe('the whole server', () => {
  test('forwards what Slack posts, signed with the derived secret, and shows in health when it is told to stop', async () => {
    const forwardUrl = endpoint.url
    const server = await startApp({ config: { forwardUrl } })
    stops.push(async () => void (await server.stop()))
    await server.event('Ev1', { type: 'app_mention', channel: 'C1', text: 'hi', ts: '1.1' })
    await endpoint.receivedCount(1)
    const [derived] = deriveTokens(
      { slackSigningSecret: [new Secret(signingSecret)], slackBotToken: undefined },
      'forward',
    )
    const [received] = endpoint.received
    expect(takenBySlacksVerifier(received as Received, derived?.reveal() ?? '')).toBe(true)
    expect(takenBySlacksVerifier(received as Received, signingSecret)).toBe(false)
    endpoint.answer(410)
    await server.event('Ev2', { type: 'app_mention', channel: 'C1', text: 'hi', ts: '1.2' })
    await endpoint.receivedCount(2)
    await until('forwarding is paused', () => server.log.named('forward_paused').length === 1)
    expect((await server.health()).components.webhook_server).toBe('degraded')
  })

  verifies('forward:resume', 'goes on by the admin route, and health is good again', async () => {
    const server = await startApp({ config: { forwardUrl: endpoint.url, adminToken } })
    stops.push(async () => void (await server.stop()))
    const resume = async (app: typeof server) => {
      const response = await app.request('/admin/events/forward/resume', {
        method: 'POST',
        headers: { authorization: `Bearer ${adminToken}` },
      })
      return [response.status, await response.json()] as const
    }
    expect(await resume(server)).toEqual([200, { resumed: false }])
    endpoint.answer(410, 200)
    await server.event('Ev1', { type: 'app_mention', channel: 'C1', text: 'hi', ts: '1.1' })
    await until('forwarding is paused', () => server.log.named('forward_paused').length === 1)
    expect(await resume(server)).toEqual([200, { resumed: true }])
    await endpoint.receivedCount(2)
    await until(
      'health is good again',
      async () => (await server.health()).components.webhook_server === 'ready',
    )
    const other = await startApp({ config: { adminToken } })
    stops.push(async () => void (await other.stop()))
    expect((await resume(other))[0]).toBe(404)
  })

  test('does not forward into a private network unless it is told to', () => {
    const forwardUrl = 'http://10.0.0.7/'
    const build = (forwardPrivateNetwork: boolean) => () =>
      createIntegratedApp({ signingSecret, config: { forwardUrl, forwardPrivateNetwork } })
    expect(build(false)).toThrow(TypeError)
    expect(build(true)).not.toThrow()
  })
})
