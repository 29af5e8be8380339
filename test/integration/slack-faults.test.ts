import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { Secret } from '../../src/base/secret.ts'
import { initializeSlackClient, type SlackClient } from '../../src/slack/client.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import {
  cutOff,
  endless,
  FaultSlack,
  hang,
  html,
  limited,
  ok,
  redirect,
  refused,
  reset,
  slow,
  status,
} from '../support/fault-slack.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { RecordingMetrics } from '../support/recording-metrics.ts'
import { sequentialIds } from '../support/sequential-ids.ts'
import { verifies } from '../support/verifies.ts'

const read = 'conversations.history'
const write = 'chat.postMessage'
const token = 'xoxb-canary-token'

/** Bun's own fetch over real sockets; only the clock is ours, so that no test waits. */
describe('over the wire', () => {
  let stub: FaultSlack
  let clock: FakeClock
  let log: RecordingLogger
  let slack: SlackClient

  beforeEach(async () => {
    stub = await FaultSlack.start()
    clock = new FakeClock()
    log = new RecordingLogger()
    slack = makeClient()
  })

  afterEach(async () => {
    await slack.stop()
    await stub.stop()
  })

  function makeClient(retry = 0, userToken?: Secret): SlackClient {
    return initializeSlackClient(new Secret(token), retry, {
      ...{ clock, log, metrics: new RecordingMetrics(), ids: sequentialIds() },
      ...{ fetch: globalThis.fetch, apiUrl: stub.apiUrl, userToken },
    })
  }

  const errorOf = (call: Promise<unknown>) => call.catch((error: unknown) => error)

  /** A call that fails, with the clock moved once the stub has its request. */
  async function failure(method: string, afterMs = 0): Promise<unknown> {
    const count = stub.requests.length
    const error = errorOf(slack.call(method, { channel: 'C1' }))
    await stub.until(() => stub.requests.length > count)
    if (afterMs > 0) await clock.advance(afterMs)
    return await error
  }

  verifies('S24', 'one connection carries call after call', async () => {
    for (let count = 0; count < 10; count++) await slack.call(read, { channel: 'C1' })
    expect(stub.requests).toHaveLength(10)
    expect(stub.connectionCount).toBe(1)
  })

  verifies('S78', 'both tokens share it', async () => {
    slack = makeClient(0, new Secret('xoxp-canary-token'))
    await slack.call(read, { channel: 'C1' })
    await slack.call('search.messages', { query: 'x' }, { token: 'user' })
    expect(stub.requests.map(({ connection }) => connection)).toEqual([1, 1])
  })

  test('the token travels in its header and nowhere else', async () => {
    await slack.call(write, { channel: 'C1', text: 'hello' })
    const [request] = stub.requests
    expect(request?.head).toMatch(/^authorization: Bearer xoxb-canary-token$/im)
    expect(request?.params).toEqual({ channel: 'C1', text: 'hello' })
    expect(request?.head.split('\r\n')[0]).toBe('POST /api/chat.postMessage HTTP/1.1')
  })

  test.each([
    ['a 500', status(500), 0, { reason: 'http', status: 500 }],
    ['a reset connection', reset, 0, { reason: 'network' }],
    ['an answer cut off', cutOff, 0, { reason: 'network' }],
    ['no answer for 10 seconds', hang, 10_000, { reason: 'timeout' }],
    ['an answer that does not end within 10 seconds', slow, 10_000, { reason: 'timeout' }],
    ['a page', html('<html>canary-words</html>'), 0, { reason: 'garbage', status: 200 }],
    ['a fault that Slack admits', refused('internal_error'), 0, { reason: 'slack_internal', status: 200 }],
  ])('%s fails a read, and leaves a post unknown', async (_, fault, afterMs, details) => {
    stub.script(read, fault)
    stub.script(write, fault)
    expect(await failure(read, afterMs)).toMatchObject({
      code: 'SLACK_UNAVAILABLE',
      details: { method: read, ...details },
    })
    expect(await failure(write, afterMs)).toMatchObject({
      code: 'SLACK_OUTCOME_UNKNOWN',
      details: { method: write, ...details, repeat: 'does_it_twice' },
    })
    expect(stub.requests).toHaveLength(2)
    expect(Bun.inspect(log.lines)).not.toContain('canary')
  })

  test('a redirect is not followed, with the token or without', async () => {
    const elsewhere = await FaultSlack.start()
    stub.script(read, redirect(`${elsewhere.apiUrl}${read}`))
    expect(await failure(read)).toMatchObject({ code: 'SLACK_UNAVAILABLE', details: { reason: 'network' } })
    expect(elsewhere.connectionCount).toBe(0)
    await elsewhere.stop()
  })

  test('an endless answer is read up to the limit and then hung up on', async () => {
    stub.script(read, endless(64 * 1024))
    const rssBefore = process.memoryUsage.rss()
    expect(await failure(read)).toMatchObject({
      code: 'SLACK_UNAVAILABLE',
      details: { method: read, reason: 'too_large' },
    })
    await stub.until(() => stub.abandonedCount === 1)
    expect(process.memoryUsage.rss() - rssBefore).toBeLessThan(128 * 1024 * 1024)
  })

  test.each([
    ['that hangs', hang],
    ['whose answer has begun', slow],
  ])('a cancelled caller takes the connection of a request %s along', async (_, fault) => {
    stub.script(read, fault)
    const controller = new AbortController()
    const error = errorOf(slack.call(read, {}, { signal: controller.signal }))
    await stub.until(() => stub.requests.length === 1)
    controller.abort()
    expect(await error).toMatchObject({ code: 'CALL_CANCELLED' })
    await stub.until(() => stub.abandonedCount === 1)
  })

  test('a post on a connection that Slack resets is sent once: neither we nor the runtime repeat it', async () => {
    slack = makeClient(3)
    await slack.call(read, {})
    stub.script(write, reset)
    expect(await failure(write)).toMatchObject({ code: 'SLACK_OUTCOME_UNKNOWN' })
    expect(stub.of(write)).toHaveLength(1)
    // On the connection of the call before: that is the case in which HTTP clients repeat by themselves.
    expect(stub.requests.map(({ connection }) => connection)).toEqual([1, 1])
  })

  test('a host that is not there is known to have done nothing', async () => {
    await stub.stop()
    expect(await errorOf(slack.call(write, {}))).toMatchObject({
      code: 'SLACK_UNAVAILABLE',
      details: { method: write, reason: 'network' },
    })
    stub = await FaultSlack.start()
  })

  test('a missing scope is no outage', async () => {
    stub.script(read, refused('missing_scope', { needed: 'channels:history', provided: 'chat:write' }))
    for (let count = 0; count < 6; count++) {
      expect(await failure(read)).toMatchObject({
        code: 'SLACK_REFUSED',
        details: { slack_error: 'missing_scope', needed: 'channels:history', provided: 'chat:write' },
      })
    }
    expect(slack.breakerState()).toBe('closed')
  })

  test('a 429 is waited for, by that method alone', async () => {
    slack = makeClient(3)
    stub.script(read, limited(2), ok({ messages: [] }))
    const call = slack.call(read, {})
    await stub.until(() => stub.requests.length === 1)
    while (log.named('slack_method_limited').length === 0) await settle()
    await slack.call('users.info', { user: 'U1' })
    expect(stub.of(read)).toHaveLength(1)
    await clock.advance(2000)
    expect(await call).toMatchObject({ ok: true, messages: [] })
    expect(stub.of(read)).toHaveLength(2)
  })

  test('scopes arrive with the answer', async () => {
    stub.script(
      'auth.test',
      ok({ team_id: 'T1', user_id: 'U1' }, { 'x-oauth-scopes': 'chat:write,users:read' }),
    )
    expect(await slack.identify()).toMatchObject({ teamId: 'T1', scopes: ['chat:write', 'users:read'] })
  })
})
