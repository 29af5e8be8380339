import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { eventBodySchema, receiptSchema } from '../../src/webhook/route.ts'
import { type RunningServer, startServer, testCredentials } from '../support/binary.ts'
import { corpusFiles, hasCorpus } from '../support/corpus.ts'
import { exchangeRaw } from '../support/raw-http.ts'
import { signedRequest } from '../support/signed-sender.ts'
import { verifies } from '../support/verifies.ts'

/** What the webhook of the compiled binary answers, byte by byte over a socket, and what it keeps. */

const signingSecret = testCredentials.SLACK_SIGNING_SECRET
const adminToken = 'a'.repeat(40)
const start = () => startServer({ env: { ADMIN_TOKEN: adminToken } })

let server: RunningServer
beforeAll(async () => {
  server = await start()
})
afterAll(() => server.child[Symbol.asyncDispose]())

const keptSchema = Type.Object({
  events: Type.Array(Type.Object({ id: Type.String(), type: Type.String(), body_base64: Type.String() })),
})

/** A body that is what its schema says. */
function checked<Schema extends TSchema>(schema: Schema, body: unknown): Static<Schema> {
  expect([...Value.Errors(schema, body)].map(({ path, message }) => `${path}: ${message}`)).toEqual([])
  return body as Static<Schema>
}

/** Everything that the server keeps, oldest first, with its bytes. */
async function keptBy({ url }: RunningServer): Promise<Static<typeof keptSchema>['events']> {
  const response = await fetch(`${url}/admin/events?limit=1000&body=true`, {
    headers: { authorization: `Bearer ${adminToken}` },
  })
  return checked(keptSchema, await response.json()).events
}

interface Post {
  readonly body: string
  readonly method?: string
  readonly secret?: string
  /** Away from now, seconds. */
  readonly offset?: number
  /** The timestamp as it is sent and signed, made of the right one. */
  readonly stamp?: (seconds: number) => string
  /** Instead of the headers of this name that Slack would send; each entry is a line of its own. */
  readonly lines?: Readonly<Record<string, readonly string[]>>
  /** What is sent behind the head instead of the body. */
  readonly sent?: string
}

/** Slack's signature, made here and not by what is under test. */
function sign(secret: string, timestamp: string, body: string): string {
  const hasher = new Bun.CryptoHasher('sha256', secret)
  return `v0=${hasher.update(Buffer.from(`v0:${timestamp}:${body}`, 'latin1')).digest('hex')}`
}

const nowSeconds = () => Math.floor(Date.now() / 1000)

/** A request as Slack writes it, with what the row changes. Latin-1: one character is one byte. */
function bytesOf(post: Post): string {
  const { body, method = 'POST', secret = signingSecret, offset = 0, stamp = String, lines = {}, sent } = post
  const timestamp = stamp(nowSeconds() + offset)
  const headers: Readonly<Record<string, readonly string[]>> = {
    Host: ['localhost'],
    Connection: ['close'],
    'Content-Type': ['application/json'],
    'Content-Length': [String((sent ?? body).length)],
    'X-Slack-Request-Timestamp': [timestamp],
    'X-Slack-Signature': [sign(secret, timestamp, body)],
    ...lines,
  }
  const head = Object.entries(headers).flatMap(([name, values]) =>
    values.map((value) => `${name}: ${value}\r\n`),
  )
  return `${method} /slack/events HTTP/1.1\r\n${head.join('')}\r\n${sent ?? body}`
}

/** The one answer to it, and the types of the events that were kept because of it. */
async function send(post: Post) {
  const before = await keptBy(server)
  const { answers, rest } = await exchangeRaw({ port: server.port, bytes: bytesOf(post) })
  expect([answers.length, rest]).toEqual([1, ''])
  const kept = (await keptBy(server)).slice(before.length)
  const answer = answers[0] ?? expect.unreachable()
  return { ...answer, kept: kept.map(({ type }) => type) }
}

const eventOf = (id: string, type = 'message') =>
  JSON.stringify({ type: 'event_callback', event_id: id, team_id: 'T1', event: { type, channel: 'C1' } })

describe('what is signed and well-formed', () => {
  const limited = (minute: number) =>
    `{"type":"app_rate_limited","team_id":"T1","minute_rate_limited":${minute}}`
  const retry = (number: string) => ({
    'X-Slack-Retry-Num': [number],
    'X-Slack-Retry-Reason': ['http_error'],
  })
  const ok = '{"status":"ok"}'
  interface Row {
    readonly what: string
    /** Sent before, and taken. */
    readonly first?: Post
    readonly post: Post
    readonly answer?: string
    readonly kept: readonly string[]
  }
  const rows: readonly Row[] = [
    {
      what: 'url_verification',
      post: { body: '{"type":"url_verification","challenge":"abc123","token":"t"}' },
      answer: '{"challenge":"abc123"}',
      kept: [],
    },
    { what: 'an event', post: { body: eventOf('EvA') }, kept: ['message'] },
    {
      what: 'the same event again',
      first: { body: eventOf('EvB') },
      post: { body: eventOf('EvB') },
      kept: [],
    },
    {
      what: 'the same event as a retry',
      first: { body: eventOf('EvC') },
      post: { body: eventOf('EvC'), lines: retry('1') },
      kept: [],
    },
    {
      what: 'a first copy that says it is a retry',
      post: { body: eventOf('EvD'), lines: retry('3') },
      kept: ['message'],
    },
    {
      what: 'an event of a type that nobody knows',
      post: { body: eventOf('EvE', 'invented_tomorrow') },
      kept: ['invented_tomorrow'],
    },
    {
      what: 'app_rate_limited',
      post: { body: limited(1) },
      kept: ['app_rate_limited'],
    },
    {
      what: 'what has no event_id, with the same bytes again',
      first: { body: limited(2) },
      post: { body: limited(2) },
      kept: [],
    },
    {
      what: 'any other object with a type',
      post: { body: '{"type":"something_new"}' },
      kept: ['something_new'],
    },
  ]
  for (const { what, first, post, answer = ok, kept } of rows) {
    verifies('webhook:answer:stored', `${what} gets 200, and is kept once or not at all`, async () => {
      if (first !== undefined) expect((await send(first)).kept).toHaveLength(1)
      const seen = await send(post)
      expect([seen.status, seen.body]).toEqual([200, answer])
      checked(receiptSchema, JSON.parse(seen.body))
      expect(seen.kept).toEqual([...kept])
    })
  }
})

test('is kept as the bytes that it came in, and not as what they mean', async () => {
  const body = Buffer.from(
    ' {"type" : "event_callback",\t"event_id":"EvBytes", "a":1.0, "a":2, "é":"\\u00e9\\/", "event":{} }\n',
  ).toString('latin1')
  expect((await send({ body })).kept).toHaveLength(1)
  const kept = (await keptBy(server)).find(({ id }) => id === 'EvBytes')
  expect(Buffer.from(kept?.body_base64 ?? '', 'base64').toString('latin1')).toBe(body)
})

describe('what Slack did not sign', () => {
  const body = eventOf('EvForged')
  const good = `v0=${'a'.repeat(64)}`
  const signature = (...values: readonly string[]) => ({ 'X-Slack-Signature': values })
  const validly = () => sign(signingSecret, String(nowSeconds()), body)
  const rows: readonly (readonly [what: string, post: () => Post])[] = [
    ['no signature', () => ({ body, lines: signature() })],
    ['a malformed signature', () => ({ body, lines: signature('v0=abc') })],
    ['a signature of another version', () => ({ body, lines: signature(validly().replace('v0=', 'v1=')) })],
    ['a signature in capitals', () => ({ body, lines: signature(validly().toUpperCase()) })],
    ['a wrong signature', () => ({ body, lines: signature(good) })],
    ['another secret', () => ({ body, secret: 'forger' })],
    ['the valid signature in two headers', () => ({ body, lines: signature(validly(), validly()) })],
    ['a valid and a wrong signature', () => ({ body, lines: signature(validly(), good) })],
    ['other bytes than were signed', () => ({ body, sent: body.replace('C1', 'C2') })],
    ['no timestamp', () => ({ body, lines: { 'X-Slack-Request-Timestamp': [] } })],
    [
      'the timestamp in two headers',
      () => ({
        body,
        stamp: (seconds) => `${seconds}, ${seconds}`,
        lines: { 'X-Slack-Request-Timestamp': [String(nowSeconds()), String(nowSeconds())] },
      }),
    ],
    ['a timestamp with a sign', () => ({ body, stamp: (seconds) => `+${seconds}` })],
    ['a timestamp with a zero before it', () => ({ body, stamp: (seconds) => `0${seconds}` })],
    ['a timestamp with a fraction', () => ({ body, stamp: (seconds) => `${seconds}.0` })],
    ['a timestamp with an exponent', () => ({ body, stamp: (seconds) => `${seconds / 1e9}e9` })],
    ['a hexadecimal timestamp', () => ({ body, stamp: (seconds) => `0x${seconds.toString(16)}` })],
    ['a stale timestamp', () => ({ body, offset: -302 })],
    // Not 301: the clock may move while the request is on its way.
    ['a timestamp of the future', () => ({ body, offset: 330 })],
  ]
  for (const [what, post] of rows) {
    verifies('webhook:answer:unauthorized', `${what}: the one 401, and nothing is kept`, async () => {
      const seen = await send(post())
      const id = seen.headers.get('x-correlation-id') ?? ''
      expect(seen.body.replace(id, 'ID')).toBe(
        '{"error":{"code":"WEBHOOK_UNAUTHORIZED","message":"The request is not signed by Slack for this app.","component":"webhook","details":{},"correlation_id":"ID"}}',
      )
      expect([seen.status, seen.kept]).toEqual([401, []])
    })
  }
})

describe('what is signed and not an event', () => {
  const nested = (depth: number) => `{"type":"nested","a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
  const bodies: readonly (readonly [what: string, body: string, status: number])[] = [
    ['no JSON', 'not json', 400],
    ['nothing', '', 400],
    ['an array', '[{"type":"event_callback"}]', 400],
    ['a text', '"event_callback"', 400],
    ['null', 'null', 400],
    ['an object without a type', '{}', 400],
    ['an object whose type is a number', '{"type":5}', 400],
    ['bytes that are not UTF-8', '{"type":"x","a":"\xff\xfe"}', 400],
    ['64 levels', nested(64), 200],
    ['65 levels', nested(65), 400],
  ]
  for (const [what, body, status] of bodies) {
    verifies('webhook:body:json', `${what}: ${status}`, async () => {
      const seen = await send({ body })
      expect([seen.status, seen.kept.length]).toEqual([status, status === 200 ? 1 : 0])
    })
  }

  const mebibyte = 1_048_576
  const sized = (byteCount: number) => {
    const frame = `{"type":"sized","n":"${byteCount}","pad":""}`
    return frame.replace('"pad":"', `"pad":"${'p'.repeat(byteCount - frame.length)}`)
  }
  const chunked = { 'Content-Length': [], 'Transfer-Encoding': ['chunked'] }
  const inChunks = (body: string) => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
  const sizes: readonly (readonly [what: string, post: Post, status: number])[] = [
    ['1 MiB, declared', { body: sized(mebibyte) }, 200],
    [
      '1 MiB and a byte, declared and not sent',
      {
        body: sized(mebibyte + 1),
        sent: '',
        lines: { 'Content-Length': [String(mebibyte + 1)] },
      },
      413,
    ],
    ['1 MiB less a byte, in chunks', inPieces(sized(mebibyte - 1)), 200],
    ['1 MiB and a byte, in chunks', inPieces(sized(mebibyte + 1)), 413],
  ]
  function inPieces(body: string): Post {
    return { body, lines: chunked, sent: inChunks(body) }
  }
  for (const [what, post, status] of sizes) {
    verifies('webhook:body:size', `${what}: ${status}`, async () => {
      const seen = await send(post)
      expect([seen.status, seen.kept.length]).toEqual([status, status === 200 ? 1 : 0])
    })
  }

  const types: readonly (readonly [lines: Readonly<Record<string, readonly string[]>>, status: number])[] = [
    [{ 'Content-Type': ['application/json; charset=utf-8'] }, 200],
    [{ 'Content-Type': ['text/plain'] }, 415],
    [{ 'Content-Type': ['application/x-www-form-urlencoded'] }, 415],
    [{ 'Content-Type': [] }, 415],
    [{ 'Content-Encoding': ['gzip'] }, 415],
    [{ 'Content-Encoding': ['identity'] }, 415],
  ]
  for (const [index, [lines, status]] of types.entries()) {
    verifies('webhook:body:media-type', `${JSON.stringify(lines)}: ${status}`, async () => {
      const seen = await send({ body: eventOf(`EvType${index}`), lines })
      expect([seen.status, seen.kept.length]).toEqual([status, status === 200 ? 1 : 0])
    })
  }

  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    verifies('webhook:answer:method', `${method}: 405, and what is taken instead`, async () => {
      const seen = await send({ body: eventOf('EvMethod'), method })
      expect([seen.status, seen.headers.get('allow'), seen.kept]).toEqual([405, 'POST', []])
    })
  }
})

describe.skipIf(!hasCorpus)('recorded events', () => {
  test('are all taken, each kept once with its bytes unchanged, and none of them twice', async () => {
    const { child, url } = await start()
    await using _child = child
    const files = corpusFiles('events')
    expect(files.length).toBeGreaterThan(100)
    for (const round of ['first', 'again']) {
      for (const { name, bytes } of files) {
        checked(eventBodySchema, JSON.parse(bytes.toString('utf8')))
        const request = signedRequest(bytes, { signingSecret, nowMs: Date.now(), url: `${url}/slack/events` })
        const response = await fetch(request)
        expect([round, name, response.status]).toEqual([round, name, 200])
        checked(receiptSchema, await response.json())
      }
    }
    const kept = await keptBy({ ...server, url })
    expect(kept.map(({ body_base64: body }) => body)).toEqual(distinctOf(files.map(({ bytes }) => bytes)))
  })
})

/** The bodies that are to be kept, in their order: the first of each event_id, or of the same bytes where there is none, and no handshake. */
function distinctOf(bodies: readonly Buffer[]): string[] {
  const first = new Map<string, string>()
  for (const bytes of bodies) {
    const outer = checked(eventBodySchema, JSON.parse(bytes.toString('utf8')))
    const text = bytes.toString('base64')
    const id = outer.event_id === undefined || outer.event_id === '' ? text : outer.event_id
    if (outer.type !== 'url_verification' && !first.has(id)) first.set(id, text)
  }
  return [...first.values()]
}
