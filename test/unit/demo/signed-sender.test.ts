import { expect, test } from 'bun:test'
import {
  createSignedSender,
  type SignedSenderOptions,
  slackAnswerTimeoutMs,
  slackRetryDelaysMs,
} from '../../../src/demo/signed-sender.ts'
import { createSigningKeys, readSignatureClaim, verifySignature } from '../../../src/slack/signature.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'

const url = 'http://127.0.0.1:3000/slack/events'
const signingSecret = 'sender-secret'

/** A receiver that answers what the script says, the last entry from then on, and keeps what it got. */
function receiver(script: readonly (() => Promise<Response> | Response)[]) {
  const seen: { url: string; headers: Headers; body: string }[] = []
  const fetch: SignedSenderOptions['fetch'] = async (target, init) => {
    const request = new Request(target, init)
    seen.push({ url: target, headers: request.headers, body: await request.text() })
    const answer = script[Math.min(seen.length, script.length) - 1]
    if (answer === undefined) throw new Error('no script')
    const aborted = new Promise<never>((_, reject) =>
      init.signal?.addEventListener('abort', () => reject(new Error('aborted'))),
    )
    return Promise.race([Promise.resolve(answer()), aborted])
  }
  return { seen, fetch }
}

const ok = () => Response.json({ status: 'ok' })
const broken = () => new Response('no', { status: 500 })
const never = () => new Promise<Response>(() => undefined)

test('signs the exact bytes so that the verifier proves them, with the headers that Slack sends', async () => {
  const clock = new FakeClock()
  const { seen, fetch } = receiver([ok])
  const bytes = new Uint8Array([0x7b, 0x00, 0xff, 0x7d])
  const report = await createSignedSender({ url, signingSecret, clock, fetch }).send(bytes)
  expect(report).toEqual({
    isAccepted: true,
    attempts: [{ retryNum: 0, status: 200, body: '{"status":"ok"}', failure: undefined, elapsedMs: 0 }],
  })
  const headers = seen[0]?.headers ?? new Headers()
  const claim = readSignatureClaim(headers, clock.now())
  if (typeof claim === 'string') throw new Error(claim)
  expect(verifySignature(claim, bytes, createSigningKeys([signingSecret]))).toBeDefined()
  expect(headers.get('user-agent')).toBe('Slackbot 1.0 (+https://api.slack.com/robots)')
  expect(headers.get('content-type')).toBe('application/json')
  expect(headers.get('x-slack-retry-num')).toBeNull()
  expect(headers.get('x-slack-request-timestamp')).toBe('1700000000')
})

test('does not try again without retry delays', async () => {
  const { seen, fetch } = receiver([broken])
  const report = await createSignedSender({ url, signingSecret, clock: new FakeClock(), fetch }).send('{}')
  expect(report.isAccepted).toBe(false)
  expect(report.attempts.map((attempt) => attempt.failure)).toEqual(['http_error'])
  expect(seen).toHaveLength(1)
})

test("keeps to Slack's schedule: the same body at once, after a minute and after five, freshly signed", async () => {
  const clock = new FakeClock()
  const { seen, fetch } = receiver([broken])
  const sender = createSignedSender({ url, signingSecret, clock, fetch, retryDelaysMs: slackRetryDelaysMs })
  const sent = sender.send('{"a":1}')
  await settle()
  expect(seen).toHaveLength(1)
  await clock.advance(999)
  expect(seen).toHaveLength(1)
  await clock.advance(1)
  expect(seen).toHaveLength(2)
  await clock.advance(60_000)
  expect(seen).toHaveLength(3)
  await clock.advance(300_000)
  expect(seen).toHaveLength(4)
  const report = await sent
  expect(report.attempts.map(({ retryNum, status }) => [retryNum, status])).toEqual([
    [0, 500],
    [1, 500],
    [2, 500],
    [3, 500],
  ])
  expect(seen.map(({ headers }) => headers.get('x-slack-retry-num'))).toEqual([null, '1', '2', '3'])
  expect(seen.map(({ headers }) => headers.get('x-slack-retry-reason'))).toEqual([
    null,
    'http_error',
    'http_error',
    'http_error',
  ])
  expect(new Set(seen.map(({ body }) => body))).toEqual(new Set(['{"a":1}']))
  expect(new Set(seen.map(({ headers }) => headers.get('x-slack-request-timestamp'))).size).toBe(4)
  expect(clock.timerCount).toBe(0)
})

test('stops trying once the receiver takes it', async () => {
  const clock = new FakeClock()
  const { seen, fetch } = receiver([broken, ok])
  const sent = createSignedSender({
    url,
    signingSecret,
    clock,
    fetch,
    retryDelaysMs: slackRetryDelaysMs,
  }).send('{}')
  await clock.advance(1_000)
  expect(await sent).toMatchObject({ isAccepted: true, attempts: [{ status: 500 }, { status: 200 }] })
  await clock.advance(400_000)
  expect(seen).toHaveLength(2)
})

test('takes x-slack-no-retry on a failure as final', async () => {
  const { seen, fetch } = receiver([
    () => new Response('', { status: 410, headers: { 'x-slack-no-retry': '1' } }),
  ])
  const sender = createSignedSender({
    url,
    signingSecret,
    clock: new FakeClock(),
    fetch,
    retryDelaysMs: slackRetryDelaysMs,
  })
  expect((await sender.send('{}')).attempts).toMatchObject([{ status: 410, failure: undefined }])
  expect(seen).toHaveLength(1)
})

test('gives up a try after three seconds without an answer and says http_timeout', async () => {
  const clock = new FakeClock()
  const { fetch } = receiver([never])
  let isDone = false
  const sent = createSignedSender({ url, signingSecret, clock, fetch }).send('{}')
  void sent.then(() => {
    isDone = true
  })
  await clock.advance(slackAnswerTimeoutMs - 1)
  expect(isDone).toBe(false)
  await clock.advance(1)
  expect((await sent).attempts).toMatchObject([{ status: undefined, failure: 'http_timeout' }])
  expect(clock.timerCount).toBe(0)
})

test('names a refused connection connection_failed', async () => {
  const fetch = () => Promise.reject(new Error('ECONNREFUSED'))
  const report = await createSignedSender({ url, signingSecret, clock: new FakeClock(), fetch }).send('{}')
  expect(report.attempts).toMatchObject([{ status: undefined, failure: 'connection_failed' }])
})

test('follows two redirects and refuses a third', async () => {
  const redirect = () => new Response('', { status: 302, headers: { location: '/elsewhere' } })
  const clock = new FakeClock()
  const two = receiver([redirect, redirect, ok])
  expect(await createSignedSender({ url, signingSecret, clock, fetch: two.fetch }).send('{}')).toMatchObject({
    isAccepted: true,
  })
  expect(two.seen.map((request) => request.url)).toEqual([
    url,
    'http://127.0.0.1:3000/elsewhere',
    'http://127.0.0.1:3000/elsewhere',
  ])
  const three = receiver([redirect, redirect, redirect, ok])
  const report = await createSignedSender({ url, signingSecret, clock, fetch: three.fetch }).send('{}')
  expect(report.attempts).toMatchObject([{ failure: 'too_many_redirects' }])
})

test('presents a first try as a retry when asked to', async () => {
  const { seen, fetch } = receiver([ok])
  const sender = createSignedSender({ url, signingSecret, clock: new FakeClock(), fetch })
  await sender.send('{}', { retryNum: 2, retryReason: 'http_timeout' })
  expect(seen[0]?.headers.get('x-slack-retry-num')).toBe('2')
  expect(seen[0]?.headers.get('x-slack-retry-reason')).toBe('http_timeout')
})

test('waits no longer for the next try once its signal aborts', async () => {
  const clock = new FakeClock()
  const end = new AbortController()
  const { seen, fetch } = receiver([broken])
  const sent = createSignedSender({
    url,
    signingSecret,
    clock,
    fetch,
    retryDelaysMs: slackRetryDelaysMs,
    signal: end.signal,
  }).send('{}')
  await settle()
  end.abort()
  expect((await sent).attempts).toHaveLength(1)
  expect(seen).toHaveLength(1)
  expect(clock.timerCount).toBe(0)
})
