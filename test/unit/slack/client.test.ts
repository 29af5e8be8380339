import { describe, expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import { Secret } from '../../../src/base/secret.ts'
import { initializeSlackClient, type SlackClientDeps } from '../../../src/slack/client.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import {
  body,
  broken,
  FakeSlackWeb,
  limited,
  ok,
  refused,
  silence,
  status,
} from '../../support/fake-slack-web.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { RecordingMetrics } from '../../support/recording-metrics.ts'
import { sequentialIds } from '../../support/sequential-ids.ts'
import { verifies } from '../../support/verifies.ts'

function makeClient(retry?: number, more: Partial<SlackClientDeps> = {}) {
  const clock = new FakeClock()
  const web = new FakeSlackWeb()
  const log = new RecordingLogger()
  const metrics = new RecordingMetrics()
  const slack = initializeSlackClient(new Secret('bot-token'), retry, {
    clock,
    ids: sequentialIds(),
    log,
    metrics,
    fetch: web.fetch,
    ...more,
  })
  return { clock, web, log, metrics, slack }
}

/** What a call failed with, to be compared as a whole. */
async function failureOf(call: Promise<unknown>): Promise<{ code: string; details: unknown }> {
  const error = await call.then(
    () => new Error('The call succeeded'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof AppError)) throw error
  return { code: error.code, details: error.details }
}

const read = 'conversations.history'
const write = 'chat.postMessage'

describe('a call', () => {
  test('sends parameters as Slack takes them and hands back the answer', async () => {
    const { web, slack } = makeClient()
    web.script(write, ok({ ts: '1.000001', channel: 'C1' }))
    const answer = await slack.call(write, {
      channel: 'C1',
      blocks: [{ type: 'divider' }],
      thread_ts: undefined,
    })
    expect(answer).toEqual({ ok: true, ts: '1.000001', channel: 'C1', response_metadata: {} })
    expect(web.requests).toHaveLength(1)
    expect(web.requests[0]).toMatchObject({
      method: write,
      params: { channel: 'C1', blocks: '[{"type":"divider"}]' },
      authorization: 'Bearer bot-token',
    })
  })

  test('goes out with the token of the kind that was asked for', async () => {
    const { web, slack } = makeClient(0, { userToken: new Secret('user-token') })
    await slack.call('search.messages', { query: 'x' }, { token: 'user' })
    expect(web.requests[0]?.authorization).toBe('Bearer user-token')
  })

  test('with a token that is not there is refused without asking Slack', async () => {
    const { web, slack } = makeClient()
    expect(await failureOf(slack.call('search.messages', {}, { token: 'user' }))).toEqual({
      code: 'SLACK_AUTH_FAILED',
      details: { method: 'search.messages', slack_error: 'not_authed', token: 'user' },
    })
    expect(web.requests).toEqual([])
  })

  test.each(['../../evil', 'https://evil.example/', 'admin.users.list', 'files.uploadV2', '__proto__'])(
    'of %p is a defect and reaches nobody',
    async (method) => {
      const { web, slack } = makeClient()
      await expect(slack.call(method, {})).rejects.toThrow(TypeError)
      expect(web.requests).toEqual([])
    },
  )

  test('cannot bring a token of its own', async () => {
    const { web, slack } = makeClient()
    await expect(slack.call(read, { token: 'xoxb-other' })).rejects.toThrow(TypeError)
    expect(web.requests).toEqual([])
  })

  test('whose parameters cannot be written down is a defect, and no failure of Slack', async () => {
    const { web, slack } = makeClient()
    await expect(slack.call(write, { blocks: [1n] })).rejects.toThrow(TypeError)
    expect(web.requests).toEqual([])
    expect(slack.connection()).toBe('unknown')
  })

  test('logs to the logger of its caller', async () => {
    const { web, slack, log } = makeClient(0)
    web.script(read, limited('30'))
    await failureOf(slack.call(read, {}, { log: log.child({ correlation_id: 'c-1' }) }))
    expect(log.named('slack_method_limited')).toEqual([
      {
        level: 'warn',
        event: 'slack_method_limited',
        fields: { correlation_id: 'c-1', method: read, retry_after_s: 30 },
      },
    ])
  })

  test('is refused when 256 calls are under way, and taken again when one ended', async () => {
    const { web, slack } = makeClient(0)
    web.script(read, silence)
    const controller = new AbortController()
    const calls = Array.from({ length: 256 }, (_, index) =>
      slack.call(read, {}, index === 0 ? { signal: controller.signal } : {}).catch(() => undefined),
    )
    await web.arrived(256)
    expect(await failureOf(slack.call(read, {}))).toEqual({ code: 'OVERLOADED', details: {} })
    controller.abort()
    await calls[0]
    await slack.call('users.info', { user: 'U1' })
    await slack.stop()
  })
})

describe('a refusal', () => {
  verifies('S71', 'names what Slack said, needed and got', async () => {
    const { web, slack, metrics } = makeClient()
    web.script(
      write,
      refused('missing_scope', {
        needed: 'chat:write',
        provided: 'users:read',
        response_metadata: { messages: ['[ERROR] no'] },
      }),
    )
    expect(await failureOf(slack.call(write, {}))).toEqual({
      code: 'SLACK_REFUSED',
      details: {
        method: write,
        slack_error: 'missing_scope',
        needed: 'chat:write',
        provided: 'users:read',
        response_messages: ['[ERROR] no'],
      },
    })
    expect(web.requests).toHaveLength(1)
    expect(metrics.sum('slackmcp_slack_api_errors_total', { method: write, error: 'missing_scope' })).toBe(1)
  })

  test('repeats at most ten messages of at most 300 characters', async () => {
    const { web, slack } = makeClient()
    const messages = Array.from({ length: 11 }, () => 'm'.repeat(301))
    web.script(write, refused('invalid_blocks', { response_metadata: { messages } }))
    const { details } = await failureOf(slack.call(write, {}))
    expect(details).toMatchObject({
      response_messages: Array.from({ length: 10 }, () => `${'m'.repeat(299)}…`),
    })
  })

  test.each(['invalid_auth', 'token_revoked', 'account_inactive', 'token_expired', 'not_authed'])(
    'of the token, %s, is told apart and not repeated',
    async (slackError) => {
      const { web, slack } = makeClient()
      web.script(read, refused(slackError))
      expect(await failureOf(slack.call(read, {}))).toEqual({
        code: 'SLACK_AUTH_FAILED',
        details: { method: read, slack_error: slackError, token: 'bot' },
      })
      expect(web.requests).toHaveLength(1)
      expect(slack.connection()).toBe('auth_failed')
      expect(slack.check()).toBe('down')
    },
  )
})

describe('repeating', () => {
  verifies('S76', 'repeats a read 3 times by default, longer and longer apart', async () => {
    const { web, slack, clock } = makeClient()
    web.script(read, status(503), status(503), broken('ECONNRESET'), ok({ messages: [] }))
    const call = slack.call(read, { channel: 'C1' })
    await web.arrived(1)
    // Jitter is half of the delay at random() = 0.5: 0.75 of 250, 500 and 1,000 ms.
    for (const [count, delayMs] of [187.5, 375, 750].entries()) {
      await settle()
      await clock.advance(delayMs - 1)
      expect(web.requests).toHaveLength(count + 1)
      await clock.advance(1)
      await web.arrived(count + 2)
    }
    expect(await call).toMatchObject({ ok: true })
  })

  test('gives up after the last repetition and says why', async () => {
    const { web, slack, clock, log } = makeClient(2)
    web.script(read, status(502))
    const failure = failureOf(slack.call(read, {}))
    await web.arrived(1)
    await settle()
    await clock.advance(1000)
    expect(await failure).toEqual({
      code: 'SLACK_UNAVAILABLE',
      details: { method: read, reason: 'http', status: 502 },
    })
    expect(web.requests).toHaveLength(3)
    expect(log.named('slack_request_failed')).toHaveLength(3)
  })

  test('names the host that was not reached, and shows the stack at debug only', async () => {
    const { web, slack, log } = makeClient(0)
    web.script(read, broken('ECONNREFUSED'))
    expect(await failureOf(slack.call(read, {}))).toMatchObject({ code: 'SLACK_UNAVAILABLE' })
    expect(log.named('slack_request_failed')).toMatchObject([
      {
        level: 'warn',
        fields: { reason: 'network', problem: 'The connection to slack.com failed: ECONNREFUSED' },
      },
    ])
    expect(log.named('slack_request_failed')[0]?.fields).not.toHaveProperty('error')
    expect(log.named('slack_request_traced')).toMatchObject([
      { level: 'debug', fields: { method: read, error: expect.any(Error) } },
    ])
  })

  test('never happens with retry 0', async () => {
    const { web, slack } = makeClient(0)
    web.script(read, status(503))
    expect(await failureOf(slack.call(read, {}))).toMatchObject({ code: 'SLACK_UNAVAILABLE' })
    web.script(read, limited('1'))
    expect(await failureOf(slack.call(read, {}))).toMatchObject({ code: 'SLACK_RATE_LIMITED' })
    expect(web.requests).toHaveLength(2)
  })

  test('never happens to a post of which nobody knows what became', async () => {
    const outcomes = [
      status(500),
      status(408),
      status(503),
      broken('ECONNRESET'),
      body('<html>'),
      refused('fatal_error'),
    ]
    for (const reply of outcomes) {
      const { web, slack } = makeClient()
      web.script(write, reply)
      expect(await failureOf(slack.call(write, {}))).toMatchObject({
        code: 'SLACK_OUTCOME_UNKNOWN',
        details: { method: write, repeat: 'does_it_twice' },
      })
      expect(web.requests).toHaveLength(1)
    }
  })

  test('is said to be harmless after an unknown outcome where it is', async () => {
    const { web, slack } = makeClient()
    web.script('reactions.add', status(500))
    expect(await failureOf(slack.call('reactions.add', {}))).toEqual({
      code: 'SLACK_OUTCOME_UNKNOWN',
      details: { method: 'reactions.add', reason: 'http', status: 500, repeat: 'harmless' },
    })
    expect(web.requests).toHaveLength(1)
  })

  test.each([
    ['nobody was there to take it', broken('ECONNREFUSED')],
    ['the host has no address', broken('ENOTFOUND')],
    ['Slack got half of the request', refused('request_timeout')],
  ])('happens to a post where %s', async (_, reply) => {
    const { web, slack, clock } = makeClient()
    web.script(write, reply, ok({ ts: '1.000001' }))
    const call = slack.call(write, { channel: 'C1' })
    await web.arrived(1)
    await settle()
    await clock.advance(250)
    expect(await call).toMatchObject({ ts: '1.000001' })
    expect(web.requests).toHaveLength(2)
  })

  test('does not happen after a 4xx: it is the same every time', async () => {
    const { web, slack } = makeClient()
    web.script(read, status(404))
    expect(await failureOf(slack.call(read, {}))).toEqual({
      code: 'SLACK_UNAVAILABLE',
      details: { method: read, reason: 'http', status: 404 },
    })
    web.script(write, status(403))
    expect(await failureOf(slack.call(write, {}))).toMatchObject({ code: 'SLACK_UNAVAILABLE' })
    expect(web.requests).toHaveLength(2)
  })

  test('ends where its time would come after the deadline', async () => {
    const { web, slack } = makeClient(3)
    web.script(read, status(503))
    const inTime = failureOf(slack.call(read, {}, { deadlineMs: 187 }))
    expect(await inTime).toMatchObject({ code: 'SLACK_UNAVAILABLE' })
    expect(web.requests).toHaveLength(1)
  })

  test('ends when the caller goes away while it waits', async () => {
    const { web, slack, clock } = makeClient(3)
    web.script(read, status(503))
    const controller = new AbortController()
    const failure = failureOf(slack.call(read, {}, { signal: controller.signal }))
    await web.arrived(1)
    await settle()
    controller.abort()
    expect(await failure).toEqual({ code: 'CALL_CANCELLED', details: { method: read } })
    expect(web.requests).toHaveLength(1)
    expect(clock.timerCount).toBe(0)
  })
})

describe('a request', () => {
  test('is given up after 10 seconds without an answer', async () => {
    const { web, slack, clock, metrics } = makeClient(0)
    web.script(read, silence)
    const failure = failureOf(slack.call(read, {}))
    await web.arrived(1)
    await clock.advance(9999)
    expect(web.requests[0]?.signal.aborted).toBe(false)
    await clock.advance(1)
    expect(web.requests[0]?.signal.aborted).toBe(true)
    expect(await failure).toEqual({ code: 'SLACK_UNAVAILABLE', details: { method: read, reason: 'timeout' } })
    expect(clock.timerCount).toBe(0)
    const outcome = 'timeout' as const
    expect(metrics.sum('slackmcp_slack_api_request_duration_seconds', { method: read, outcome })).toBe(10)
  })

  test('is not cut short by the deadline of the call, which is about waiting', async () => {
    const { web, slack, clock } = makeClient(0)
    let answer: (response: Response) => void = () => undefined
    web.script(write, () => new Promise((resolve) => (answer = resolve)))
    const call = slack.call(write, {}, { deadlineMs: 1000 })
    await web.arrived(1)
    await clock.advance(9000)
    answer(Response.json({ ok: true }))
    expect(await call).toMatchObject({ ok: true })
  })

  test('is cancelled with its caller', async () => {
    const { web, slack, clock } = makeClient()
    web.script(read, silence)
    const controller = new AbortController()
    const failure = failureOf(slack.call(read, {}, { signal: controller.signal }))
    await web.arrived(1)
    controller.abort()
    expect(await failure).toEqual({ code: 'CALL_CANCELLED', details: { method: read } })
    expect(web.requests[0]?.signal.aborted).toBe(true)
    expect(clock.timerCount).toBe(0)
  })

  test('that is a write tells the cancelled caller that nobody knows', async () => {
    const { web, slack } = makeClient()
    web.script(write, silence)
    const controller = new AbortController()
    const failure = failureOf(slack.call(write, {}, { signal: controller.signal }))
    await web.arrived(1)
    controller.abort()
    expect(await failure).toEqual({ code: 'CALL_CANCELLED', details: { method: write, outcome: 'unknown' } })
  })

  test('is not made for a caller who is gone already', async () => {
    const { web, slack } = makeClient()
    const failure = failureOf(slack.call(write, {}, { signal: AbortSignal.abort() }))
    expect(await failure).toEqual({ code: 'CALL_CANCELLED', details: { method: write } })
    expect(web.requests).toEqual([])
  })

  test('keeps the signal of its own call among many at once', async () => {
    const { web, slack } = makeClient(0)
    web.script(read, silence)
    const controllers = Array.from({ length: 150 }, () => new AbortController())
    const calls = controllers.map(({ signal }, index) =>
      failureOf(slack.call(read, { channel: `C${index}` }, { signal })),
    )
    await web.arrived(150)
    controllers[42]?.abort()
    await calls[42]
    const aborted = web.requests.filter(({ signal }) => signal.aborted)
    expect(aborted.map(({ params }) => params['channel'])).toEqual(['C42'])
    for (const controller of controllers) controller.abort()
    await Promise.all(calls)
  })
})

describe('an answer that is not from the Web API', () => {
  test.each([
    ['a page', '<html><body>Sign in with canary-words</body></html>'],
    ['nothing', ''],
    ['null', 'null'],
    ['a number', '42'],
    ['a text', '"ok"'],
    ['a list', '["ok"]'],
    ['an object without ok', '{"canary-words":1}'],
    ['an error that is no code', '{"ok":false,"error":"canary-words are here"}'],
    ['an error that is no text', '{"ok":false,"error":{"canary-words":1}}'],
  ])('is a failure with fixed words: %s', async (_, text) => {
    const { web, slack, log } = makeClient(0)
    web.script(read, body(text))
    const error: unknown = await slack.call(read, {}).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'SLACK_UNAVAILABLE',
      details: { method: read, reason: 'garbage', status: 200 },
    })
    expect(Bun.inspect([error, log.lines])).not.toContain('canary-words')
  })

  test('keeps the body of an HTTP error to itself', async () => {
    const { web, slack, log } = makeClient(0)
    web.script(
      read,
      () => new Response('canary-words', { status: 500, headers: { 'x-canary': 'canary-words' } }),
    )
    const error: unknown = await slack.call(read, {}).catch((thrown: unknown) => thrown)
    expect(Bun.inspect([error, log.lines])).not.toContain('canary')
  })

  test('is not inflated, whatever it calls itself', async () => {
    const { web, slack } = makeClient(0)
    const bomb = Bun.gzipSync(new TextEncoder().encode('{"ok":true}'))
    web.script(read, () => new Response(bomb, { headers: { 'content-type': 'application/gzip' } }))
    expect(await failureOf(slack.call(read, {}))).toMatchObject({ details: { reason: 'garbage' } })
  })

  test('is read up to 16 MiB and not a byte further', async () => {
    const { web, slack } = makeClient(0)
    const bytesMax = 16 * 1024 * 1024
    const filled = (size: number) => `{"ok":true,"x":"${'x'.repeat(size - 18)}"}`
    web.script(read, body(filled(bytesMax)))
    expect(await slack.call(read, {})).toMatchObject({ ok: true })
    web.script(read, body(filled(bytesMax + 1)))
    expect(await failureOf(slack.call(read, {}))).toEqual({
      code: 'SLACK_UNAVAILABLE',
      details: { method: read, reason: 'too_large' },
    })
  })
})

describe("Slack's limits", () => {
  test('are waited for within the deadline of the call', async () => {
    const { web, slack, clock, metrics } = makeClient()
    web.script(write, limited('3'), ok({ ts: '1.000001' }))
    const waitsMs: number[] = []
    const call = slack.call(write, {}, { onLimited: (waitMs) => waitsMs.push(waitMs) })
    await web.arrived(1)
    await settle()
    await clock.advance(2999)
    expect(web.requests).toHaveLength(1)
    await clock.advance(1)
    expect(await call).toMatchObject({ ts: '1.000001' })
    expect(web.requests).toHaveLength(2)
    expect(waitsMs).toEqual([3000])
    expect(metrics.sum('slackmcp_slack_rate_limited_total', { method: write })).toBe(1)
  })

  test.each([
    [15, 'waits', 2],
    [16, 'fails at once', 1],
  ])('are named where the wait is longer: with %p seconds of 15 it %s', async (seconds, _, requestCount) => {
    const { web, slack, clock } = makeClient()
    web.script(read, limited(String(seconds)), ok())
    const call = slack.call(read, {}).catch((error: unknown) => error)
    await web.arrived(1)
    await settle()
    await clock.advance(15_000)
    const outcome = await call
    expect(web.requests).toHaveLength(requestCount)
    expect(outcome).toMatchObject(
      requestCount === 2
        ? { ok: true }
        : { code: 'SLACK_RATE_LIMITED', details: { method: read, retry_after_s: seconds } },
    )
  })

  test('are not waited for by a caller who goes away, and nothing is sent', async () => {
    const { web, slack, clock } = makeClient()
    web.script(write, limited('1'), ok())
    await failureOf(slack.call(write, {}, { deadlineMs: 0 }))
    const controllers = [new AbortController(), new AbortController()]
    const failures = controllers.map(({ signal }) => failureOf(slack.call(write, {}, { signal })))
    controllers[0]?.abort()
    const cancelled = { code: 'CALL_CANCELLED', details: { method: write } }
    expect(await failures[0]).toEqual(cancelled)
    // The block is over by then; the second only waits for its place in the row.
    await clock.advance(1500)
    controllers[1]?.abort()
    expect(await failures[1]).toEqual(cancelled)
    expect(web.requests).toHaveLength(1)
    expect(clock.timerCount).toBe(0)
  })

  verifies('S26', 'are shared by all callers and both tokens, and bind that method alone', async () => {
    const { web, slack } = makeClient(3, { userToken: new Secret('user-token') })
    web.script(read, limited('60'))
    await failureOf(slack.call(read, {}))
    for (const token of ['bot', 'user'] as const) {
      expect(await failureOf(slack.call(read, {}, { token }))).toEqual({
        code: 'SLACK_RATE_LIMITED',
        details: { method: read, retry_after_s: 60 },
      })
    }
    expect(web.of(read)).toHaveLength(1)
    expect(await slack.call('users.info', { user: 'U1' })).toMatchObject({ ok: true })
  })

  test('end after as many repetitions as any failure', async () => {
    const { web, slack, clock } = makeClient(2)
    web.script(read, limited('1'))
    const failure = failureOf(slack.call(read, {}))
    for (let count = 1; count <= 3; count++) {
      await web.arrived(count)
      await settle()
      await clock.advance(1000)
    }
    expect(await failure).toMatchObject({ code: 'SLACK_RATE_LIMITED' })
    expect(web.requests).toHaveLength(3)
  })

  test('are looked at again after a wait: another caller may have met one meanwhile', async () => {
    const { web, slack, clock } = makeClient()
    web.script(read, limited('2'), limited('5'), ok({ order: 'first' }), ok({ order: 'second' }))
    const first = slack.call(read, {})
    await web.arrived(1)
    await settle()
    const second = slack.call(read, {})
    await clock.advance(2000)
    await web.arrived(2)
    // The second caller's place would come 1.2 s after the first one's, within the new block.
    await clock.advance(4999)
    expect(web.requests).toHaveLength(2)
    await clock.advance(1)
    await web.arrived(3)
    await clock.advance(1200)
    const answers = await Promise.all([first, second])
    expect(answers.map(({ order }) => order).sort()).toEqual(['first', 'second'])
    expect(web.requests).toHaveLength(4)
  })

  test.each([
    ['', 30],
    ['soon', 30],
    ['-1', 30],
    ['1.5', 30],
    ['0', 1],
    ['3600', 3600],
    ['3601', 3600],
    ['999999999999', 3600],
  ])('are read from Retry-After %p as %p seconds', async (header, seconds) => {
    const { web, slack } = makeClient(0)
    web.script(read, limited(header))
    expect(await failureOf(slack.call(read, {}))).toMatchObject({ details: { retry_after_s: seconds } })
  })

  test('may also come in a 200', async () => {
    const { web, slack } = makeClient(0)
    web.script(read, refused('ratelimited'))
    expect(await failureOf(slack.call(read, {}))).toEqual({
      code: 'SLACK_RATE_LIMITED',
      details: { method: read, retry_after_s: 30 },
    })
  })

  test('of an app that is sold outside the Marketplace are kept without being told', async () => {
    const { web, slack } = makeClient(3, { isDistributedApp: true })
    await slack.call(read, { channel: 'C1', limit: 200 })
    expect(web.requests[0]?.params).toEqual({ channel: 'C1', limit: '15' })
    expect(await failureOf(slack.call(read, { channel: 'C1' }))).toEqual({
      code: 'SLACK_RATE_LIMITED',
      details: { method: read, retry_after_s: 60 },
    })
    expect(web.requests).toHaveLength(1)
  })
})

describe('the circuit breaker', () => {
  verifies('S72', 'opens with the 5th failed request in a row, whatever method it was', async () => {
    const { web, slack, log, metrics } = makeClient(0)
    for (const method of ['users.info', read, 'emoji.list', 'users.list']) {
      web.script(method, status(500))
      await failureOf(slack.call(method, {}))
    }
    expect(slack.breakerState()).toBe('closed')
    web.script(write, broken('ECONNRESET'))
    await failureOf(slack.call(write, {}))
    expect(slack.breakerState()).toBe('open')
    expect(await failureOf(slack.call('team.info', {}))).toEqual({
      code: 'SLACK_CIRCUIT_OPEN',
      details: { method: 'team.info', retry_after_s: 30 },
    })
    expect(web.requests).toHaveLength(5)
    expect(log.named('slack_breaker_changed')).toEqual([
      { level: 'warn', event: 'slack_breaker_changed', fields: { state: 'open' } },
    ])
    expect(metrics.sum('slackmcp_circuit_breaker_transitions_total', { name: 'slack', to: 'open' })).toBe(1)
  })

  test('counts time-outs, and faults that Slack admits', async () => {
    const { web, slack, clock } = makeClient(0)
    for (const fault of ['fatal_error', 'internal_error', 'service_unavailable', 'request_timeout']) {
      web.script(read, refused(fault))
      expect(await failureOf(slack.call(read, {}))).toMatchObject({
        code: 'SLACK_UNAVAILABLE',
        details: { reason: 'slack_internal' },
      })
    }
    web.script(read, silence)
    const failure = failureOf(slack.call(read, {}))
    await web.arrived(5)
    await clock.advance(10_000)
    await failure
    expect(slack.breakerState()).toBe('open')
  })

  test('is not opened by a thousand 429', async () => {
    const { web, slack, clock } = makeClient(0)
    web.script(read, limited('1'))
    for (let count = 0; count < 1000; count++) {
      await failureOf(slack.call(read, {}))
      await clock.advance(2000)
    }
    expect(web.requests).toHaveLength(1000)
    expect(slack.breakerState()).toBe('closed')
  })

  verifies('S75', 'is not opened by a thousand refusals, dead tokens, 4xx and cancelled calls', async () => {
    const { web, slack } = makeClient(0)
    const replies = [
      refused('channel_not_found'),
      refused('missing_scope'),
      refused('invalid_auth'),
      status(404),
    ]
    for (const reply of replies) {
      web.script(read, reply)
      for (let count = 0; count < 250; count++) await failureOf(slack.call(read, {}))
    }
    web.script(read, silence)
    for (let count = 0; count < 20; count++) {
      const controller = new AbortController()
      const failure = failureOf(slack.call(read, {}, { signal: controller.signal }))
      await web.arrived(1001 + count)
      controller.abort()
      await failure
    }
    expect(slack.breakerState()).toBe('closed')
  })

  async function makeOpen(retry = 0) {
    const made = makeClient(retry)
    made.web.script('emoji.list', status(500))
    for (let count = 0; count < 5; count++) await failureOf(made.slack.call('emoji.list', {}))
    return made
  }

  verifies(
    'S73',
    'lets exactly one of 50 calls probe after 30 seconds and refuses the others at once',
    async () => {
      const { web, slack, clock, metrics } = await makeOpen()
      await clock.advance(29_999)
      expect(await failureOf(slack.call(read, {}))).toMatchObject({ details: { retry_after_s: 1 } })
      await clock.advance(1)
      let answer: (response: Response) => void = () => undefined
      web.script(read, () => new Promise((resolve) => (answer = resolve)), ok())
      const calls = Array.from({ length: 50 }, () => slack.call(read, {}).catch((error: unknown) => error))
      await web.arrived(6)
      await settle()
      expect(slack.breakerState()).toBe('half_open')
      const refusals = await Promise.all(calls.slice(1))
      expect(refusals).toHaveLength(49)
      for (const refusal of refusals) {
        expect(refusal).toMatchObject({
          code: 'SLACK_CIRCUIT_OPEN',
          details: { method: read, retry_after_s: 30 },
        })
      }
      expect(web.of(read)).toHaveLength(1)
      answer(Response.json({ ok: true }))
      expect(await calls[0]).toMatchObject({ ok: true })
      expect(slack.breakerState()).toBe('closed')
      expect(metrics.sum('slackmcp_circuit_breaker_state', { name: 'slack', state: 'closed' })).toBe(2)
      expect(await slack.call(read, {})).toMatchObject({ ok: true })
    },
  )

  test('stays open for another 30 seconds when the probe fails', async () => {
    const { web, slack, clock } = await makeOpen()
    await clock.advance(30_000)
    web.script(read, status(500))
    expect(await failureOf(slack.call(read, {}))).toMatchObject({ code: 'SLACK_UNAVAILABLE' })
    expect(await failureOf(slack.call(read, {}))).toMatchObject({ details: { retry_after_s: 30 } })
    expect(web.of(read)).toHaveLength(1)
  })

  test('does not let a probe be repeated: its failure opens anew, and the call ends', async () => {
    const { web, slack, clock } = await makeOpenWithRetries()
    web.script(read, status(500))
    const failure = failureOf(slack.call(read, {}))
    await web.arrived(6)
    await settle()
    await clock.advance(1000)
    expect(await failure).toMatchObject({ code: 'SLACK_CIRCUIT_OPEN' })
    expect(web.of(read)).toHaveLength(1)
  })

  async function makeOpenWithRetries() {
    const made = makeClient(3)
    made.web.script(write, status(500))
    for (let count = 0; count < 5; count++) await failureOf(made.slack.call(write, {}))
    await made.clock.advance(30_000)
    return made
  }

  test('refuses at once, and not only when the method has its turn', async () => {
    const { web, slack, clock } = makeClient(0)
    web.script(read, limited('10'))
    await failureOf(slack.call(read, {}))
    web.script('emoji.list', status(500))
    for (let count = 0; count < 5; count++) await failureOf(slack.call('emoji.list', {}))
    expect(await failureOf(slack.call(read, {}))).toMatchObject({ code: 'SLACK_CIRCUIT_OPEN' })
    expect(clock.timerCount).toBe(0)
  })

  test('gives the place of a probe that was never sent to the next call', async () => {
    const { web, slack, clock } = await makeOpen()
    await clock.advance(30_000)
    await expect(slack.call(write, { blocks: [1n] })).rejects.toThrow(TypeError)
    expect(await slack.call(read, {})).toMatchObject({ ok: true })
    expect(web.of(read)).toHaveLength(1)
  })

  test('gives the place of a cancelled probe to the next call', async () => {
    const { web, slack, clock } = await makeOpen()
    await clock.advance(30_000)
    web.script(read, silence, ok())
    const controller = new AbortController()
    const probe = failureOf(slack.call(read, {}, { signal: controller.signal }))
    await web.arrived(6)
    controller.abort()
    expect(await probe).toMatchObject({ code: 'CALL_CANCELLED' })
    expect(await slack.call(read, {})).toMatchObject({ ok: true })
    expect(slack.breakerState()).toBe('closed')
  })
})

describe('stopping', () => {
  test('cancels what is under way, refuses what comes, and may be done twice', async () => {
    const { web, slack, clock } = makeClient()
    web.script(read, silence)
    const failure = failureOf(slack.call(read, {}))
    await web.arrived(1)
    await slack.stop()
    expect(await failure).toMatchObject({ code: 'CALL_CANCELLED' })
    expect(await failureOf(slack.call(read, {}))).toEqual({ code: 'SHUTTING_DOWN', details: {} })
    await slack.stop()
    expect(web.requests).toHaveLength(1)
    expect(clock.timerCount).toBe(0)
  })

  test('is possible before starting', async () => {
    const { slack, clock, web } = makeClient()
    await slack.stop()
    await slack.start()
    expect(clock.timerCount).toBe(0)
    expect(web.requests).toEqual([])
  })
})

test('files are fetched with the token of the moment, from the host that belongs to the base URL', async () => {
  const seen: unknown[] = []
  const fetch = async (url: string, init: RequestInit) => {
    seen.push([url, new Headers(init.headers).get('authorization')])
    return new Response('content')
  }
  const { slack } = makeClient(0, { fetch })
  slack.replaceToken(new Secret('new-token'))
  await slack.files.download(
    'https://files.slack.com/files-pri/T1-F1/a.txt',
    100,
    new AbortController().signal,
  )
  expect(seen).toEqual([['https://files.slack.com/files-pri/T1-F1/a.txt', 'Bearer new-token']])
})

describe('the base URL', () => {
  async function urlUsed(apiUrl?: string): Promise<string> {
    const urls: string[] = []
    const fetch = async (url: string) => {
      urls.push(url)
      return Response.json({ ok: true })
    }
    await makeClient(0, { fetch, ...(apiUrl === undefined ? {} : { apiUrl }) }).slack.call('team.info', {})
    return urls.join()
  }

  test('is Slack by default, and gets a slash at its end', async () => {
    expect(await urlUsed()).toBe('https://slack.com/api/team.info')
    expect(await urlUsed('https://slack-gov.com/api')).toBe('https://slack-gov.com/api/team.info')
    expect(await urlUsed('http://localhost:4003/api/')).toBe('http://localhost:4003/api/team.info')
  })

  test.each([
    'http://slack.com/api/',
    'ftp://slack.com/',
    'slack.com',
    'https://u:p@slack.com/',
    'https://slack.com/?x',
  ])('is refused where it is unsafe or none: %p', (apiUrl) => {
    expect(() => makeClient(0, { apiUrl })).toThrow(AppError)
  })
})

verifies('S66', 'keeps both tokens out of every line and every error', async () => {
  const tokens = { bot: new Secret('xoxb-canary-1'), user: new Secret('xoxp-canary-2') }
  const seen: unknown[] = []
  const replies = [
    ...[ok(), refused('channel_not_found'), refused('invalid_auth'), limited('1'), status(500), status(404)],
    ...[broken('ECONNRESET'), body('<html>'), body('null'), silence],
  ]
  for (const reply of replies) {
    const { web, clock, log, metrics } = makeClient()
    const slack = initializeSlackClient(tokens.bot, 1, {
      ...{ clock, log, metrics, ids: sequentialIds(), fetch: web.fetch, userToken: tokens.user },
    })
    for (const method of [read, write]) web.script(method, reply)
    const calls = [read, write].flatMap((method) =>
      (['bot', 'user'] as const).map((token) =>
        slack.call(method, {}, { token }).catch((error: unknown) => seen.push(error, String(error))),
      ),
    )
    await web.arrived(4)
    await settle()
    await clock.advance(30_000)
    await Promise.all(calls)
    seen.push(log.lines, metrics.records, slack)
    await slack.stop()
  }
  const text = Bun.inspect(seen, { depth: 20 })
  expect(text).toContain('slack_request_failed')
  expect(text).not.toContain('canary')
  expect(JSON.stringify(seen)).not.toContain('canary')
})
