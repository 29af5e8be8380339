import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { signBody } from '../../src/slack/signature.ts'
import { type RunningServer, startServer, testCredentials } from '../support/binary.ts'
import { exchangeRaw, type RawAnswer, type RawExchange } from '../support/raw-http.ts'
import { verifies } from '../support/verifies.ts'

/** Requests that no client library would send, over a socket, against the compiled binary. */

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})

afterAll(() => server.child[Symbol.asyncDispose]())

const host = 'Host: localhost\r\n'
const close = 'Connection: close\r\n'
/** What an attacker would smuggle: if any answer is this one, a request was seen that nobody sent. */
const smuggled = `GET /readyz HTTP/1.1\r\n${host}${close}\r\n`

/** A head that the webhook reads the body of: the headers are right, whatever the body will be. */
function eventHead(body: string, framing: string): string {
  const timestamp = Math.floor(Date.now() / 1_000)
  const signature = signBody(testCredentials.SLACK_SIGNING_SECRET, timestamp, Buffer.from(body, 'latin1'))
  return `POST /slack/events HTTP/1.1\r\n${host}Content-Type: application/json\r\nX-Slack-Request-Timestamp: ${timestamp}\r\nX-Slack-Signature: ${signature}\r\n${framing}\r\n`
}

const exchange = (bytes: string, deadlineMs?: number): Promise<RawExchange> =>
  exchangeRaw({ port: server.port, bytes, ...(deadlineMs === undefined ? {} : { deadlineMs }) })

/** What every answer owes, whoever made it: the server or the runtime below it. */
function expectHarmless({ answers, rest }: RawExchange): void {
  expect(rest).toBe('')
  for (const { body, headers } of answers) {
    if (body.startsWith('# HELP')) continue
    expect(body.length).toBeLessThanOrEqual(2_048)
    expect(body).not.toMatch(/<html|<!doctype|\.ts:|\.js:|\bat \/|\$bunfs/i)
    expect(headers.get('content-type') ?? 'application/json').toStartWith('application/json')
  }
}

const statuses = (answers: readonly RawAnswer[]) => answers.map(({ status }) => status)

function codeOf(answer: RawAnswer | undefined): string | undefined {
  if (answer === undefined || answer.body === '') return undefined
  const { error }: { error: { code: string } } = JSON.parse(answer.body)
  return error.code
}

describe('a Host that is not exactly one valid one', () => {
  const rows: readonly (readonly [what: string, bytes: string])[] = [
    ['of one character, before a longer path', `GET /zz/metrics HTTP/1.1\r\nHost: a\r\n${close}\r\n`],
    [
      'of one character, behind the path of a proxy',
      `GET /slack/metrics HTTP/1.1\r\nHost: a\r\n${close}\r\n`,
    ],
    ['of one character', `GET /metrics HTTP/1.1\r\nHost: a\r\n${close}\r\n`],
    ['of two characters', `GET /z/metrics HTTP/1.1\r\nHost: ab\r\n${close}\r\n`],
    ['of three characters', `GET /metrics HTTP/1.1\r\nHost: abc\r\n${close}\r\n`],
    ['that is empty', `GET /metrics HTTP/1.1\r\nHost: \r\n${close}\r\n`],
    ['with a user', `GET /metrics HTTP/1.1\r\nHost: user@localhost\r\n${close}\r\n`],
    ['with a path', `GET /x HTTP/1.1\r\nHost: localhost/metrics?\r\n${close}\r\n`],
    ['with a query', `GET /x HTTP/1.1\r\nHost: localhost?/metrics\r\n${close}\r\n`],
    ['with a fragment', `GET /x HTTP/1.1\r\nHost: localhost#/metrics\r\n${close}\r\n`],
    ['with a backslash', `GET /x HTTP/1.1\r\nHost: localhost\\metrics\r\n${close}\r\n`],
    ['with a space', `GET /x HTTP/1.1\r\nHost: local host\r\n${close}\r\n`],
    ['with a bad port', `GET /metrics HTTP/1.1\r\nHost: localhost:x\r\n${close}\r\n`],
    ['with a wild bracket', `GET /metrics HTTP/1.1\r\nHost: [::1\r\n${close}\r\n`],
    ['twice', `GET /metrics HTTP/1.1\r\n${host}Host: evil.example\r\n${close}\r\n`],
    ['twice, the same', `GET /metrics HTTP/1.1\r\n${host}${host}${close}\r\n`],
    ['nowhere', `GET /metrics HTTP/1.1\r\n${close}\r\n`],
    ['nowhere, in HTTP/1.0', 'GET /metrics HTTP/1.0\r\n\r\n'],
    ['nowhere, in HTTP/1.0 behind the path of a proxy', 'GET /slack/xxxx/metrics HTTP/1.0\r\n\r\n'],
  ]
  for (const [what, bytes] of rows) {
    verifies('http:edge:host:raw', `${what} is refused`, async () => {
      const seen = await exchange(bytes)
      expectHarmless(seen)
      expect(statuses(seen.answers)).toEqual([400])
      expect([undefined, 'REQUEST_INVALID']).toContain(codeOf(seen.answers[0]))
      expect(seen.isClosed).toBe(true)
    })
  }

  test('while valid ones are served', async () => {
    for (const value of ['localhost', 'LOCALHOST:3000', 'slack.example.com', '10.0.0.7:8080', '[::1]:3000']) {
      const seen = await exchange(`GET /livez HTTP/1.1\r\nHost: ${value}\r\n${close}\r\n`)
      expect([value, ...statuses(seen.answers)]).toEqual([value, 200])
    }
  })
})

describe('a path', () => {
  const rows: readonly (readonly [target: string, status: number])[] = [
    ['/livez', 200],
    ['/livez?x=/metrics', 200],
    ['/livez/', 404],
    ['//livez', 404],
    ['/%6civez', 404],
    ['/LIVEZ', 404],
    ['/livez%00', 404],
    ['/livez;x=1', 404],
    ['/livez%3Fx', 404],
    ['/livez\xff', 404],
    ['/livez#x', 400],
  ]
  for (const [target, status] of rows) {
    verifies('http:edge:path:raw', `${JSON.stringify(target)} gets ${status}`, async () => {
      const seen = await exchange(`GET ${target} HTTP/1.1\r\n${host}${close}\r\n`)
      expectHarmless(seen)
      expect(statuses(seen.answers)).toEqual([status])
    })
  }

  // The runtime resolves dots and backslashes before we see the path. What is closed to a caller is closed by its token, not by its path.
  test('with dots is the path that they lead to, and as closed as that', async () => {
    for (const dots of ['/slack/../', '/slack/%2e%2e/', '/./', '/x\\..\\']) {
      const open = await exchange(`GET ${dots}livez HTTP/1.1\r\n${host}${close}\r\n`)
      const locked = await exchange(`POST ${dots}mcp HTTP/1.1\r\n${host}${close}Content-Length: 0\r\n\r\n`)
      expect([dots, ...statuses(open.answers), ...statuses(locked.answers)]).toEqual([dots, 200, 401])
    }
  })

  test('in absolute form is the same path', async () => {
    const seen = await exchange(`GET http://localhost/livez HTTP/1.1\r\n${host}${close}\r\n`)
    expect(seen.answers.map(({ body }) => body)).toEqual(['{"status":"alive"}'])
  })
})

describe('a method', () => {
  const rows: readonly (readonly [method: string, target: string, status: number | undefined])[] = [
    ['TRACE', '/livez', 405],
    ['PUT', '/slack/events', 405],
    ['OPTIONS', '*', 400],
    ['CONNECT', 'localhost:80', 400],
    // The runtime closes without a word.
    ['BREW', '/livez', undefined],
    ['get', '/livez', undefined],
  ]
  for (const [method, target, status] of rows) {
    test(`${method} ${target} gets ${status ?? 'no answer'}`, async () => {
      const seen = await exchange(`${method} ${target} HTTP/1.1\r\n${host}${close}\r\n`)
      expectHarmless(seen)
      expect(statuses(seen.answers)).toEqual(status === undefined ? [] : [status])
      expect(seen.answers[0]?.headers.has('allow') ?? false).toBe(status === 405)
    })
  }
})

const post = (framing: string, body = 'hello') =>
  `POST /slack/events HTTP/1.1\r\n${host}${framing}\r\n${body}`
const get = (header: string) => `GET /livez HTTP/1.1\r\n${host}${header}${close}\r\n`
const chunked = 'Transfer-Encoding: chunked\r\n'

describe('framing that two readers could read in two ways', () => {
  const rows: readonly (readonly [what: string, bytes: string, status?: number])[] = [
    ['both a length and chunks', post(`Content-Length: 5\r\n${chunked}`, '0\r\n\r\n')],
    ['both chunks and a length', post(`${chunked}Content-Length: 5\r\n`, '0\r\n\r\n')],
    ['two lengths', post('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello!')],
    ['the same length twice', post('Content-Length: 5\r\nContent-Length: 5\r\n')],
    ['a list of lengths', post('Content-Length: 5, 5\r\n')],
    ['a negative length', post('Content-Length: -5\r\n')],
    ['a length with a plus', post('Content-Length: +5\r\n')],
    ['a hexadecimal length', post('Content-Length: 0x5\r\n')],
    ['a length with a space', post('Content-Length: 5 5\r\n')],
    ['a length with a letter', post('Content-Length: 5a\r\n')],
    ['a fractional length', post('Content-Length: 5.0\r\n')],
    ['an empty length', post('Content-Length: \r\n')],
    ['a length above 2^64', post('Content-Length: 99999999999999999999\r\n')],
    ['a length that wraps to 1', post('Content-Length: 18446744073709551617\r\n')],
    ['an unknown transfer coding', post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n')],
    ['a compressed transfer', post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n')],
    ['chunks that are not last', post('Transfer-Encoding: chunked, gzip\r\n', '0\r\n\r\n')],
    ['chunks twice in one header', post('Transfer-Encoding: chunked, chunked\r\n', '0\r\n\r\n')],
    ['chunks in two headers', post(`${chunked}${chunked}`, '0\r\n\r\n')],
    ['identity', post('Transfer-Encoding: identity\r\n', '0\r\n\r\n')],
    ['quoted chunks', post('Transfer-Encoding: "chunked"\r\n', '0\r\n\r\n')],
    ['chunks in HTTP/1.0', post(chunked, '0\r\n\r\n').replace('HTTP/1.1', 'HTTP/1.0')],
    ['a space before the colon of the coding', post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n')],
    ['a space before the colon of the length', post('Content-Length : 5\r\n')],
    ['a space before a colon', get('X-A : 1\r\n')],
    ['a folded header', get('X-A: 1\r\n 2\r\n')],
    ['a folded first header', `GET /livez HTTP/1.1\r\n ${host}${close}\r\n`],
    ['NUL in a value', get('X-A: a\0b\r\n')],
    ['NUL in a name', get('X\0A: b\r\n')],
    ['a bare CR in a value', get('X-A: a\rb\r\n')],
    ['a bare LF in a value', get('X-A: 1\nX-B: 2\r\n')],
    ['a header without a colon', get('nocolon\r\n')],
    ['a header without a name', get(': x\r\n')],
    ['a header name with a space', get('X A: 1\r\n')],
    ['two spaces in the request line', `GET  /livez HTTP/1.1\r\n${host}${close}\r\n`],
    ['a line before the request line', `\r\nGET /livez HTTP/1.1\r\n${host}${close}\r\n`],
    ['a space in the path', `GET /livez x HTTP/1.1\r\n${host}${close}\r\n`, 505],
    ['NUL in the path', `GET /li\0vez HTTP/1.1\r\n${host}${close}\r\n`, 505],
    ['tabs in the request line', `GET\t/livez\tHTTP/1.1\r\n${host}${close}\r\n`, 505],
    ['bare LF throughout', `GET /livez HTTP/1.1\n${host.trim()}\n\n`, 505],
    ['HTTP/0.9', 'GET /livez\r\n\r\n', 505],
    ['HTTP/2.0', `GET /livez HTTP/2.0\r\n${host}\r\n`, 505],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['the hello of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['bytes that mean nothing', '\xff\xfe\x00\x01nothing\r\n\r\n'],
  ]
  for (const [what, bytes, status = 400] of rows) {
    verifies('http:edge:framing', `${what}: refused and closed, nothing behind it is read`, async () => {
      const seen = await exchange(bytes + smuggled)
      expectHarmless(seen)
      expect(statuses(seen.answers)).toEqual([status])
      expect(seen.isClosed).toBe(true)
    })
  }
})

describe('a chunked event', () => {
  const body = '{"type":"event_callback","event_id":"EvFraming","event":{"type":"message"}}'
  const size = body.length.toString(16)

  test('that is framed well is stored', async () => {
    const bytes = `${eventHead(body, `${close}${chunked}`)}${size}\r\n${body}\r\n0\r\n\r\n`
    const seen = await exchange(bytes)
    expect(seen.answers.map(({ status, body: text }) => [status, text])).toEqual([[200, '{"status":"ok"}']])
  })

  const rows: readonly (readonly [what: string, chunks: string])[] = [
    ['a size that is no number', `zz\r\n${body}\r\n0\r\n\r\n`],
    ['a negative size', `-${size}\r\n${body}\r\n0\r\n\r\n`],
    ['a size with 0x', `0x${size}\r\n${body}\r\n0\r\n\r\n`],
    ['a size with a plus', `+${size}\r\n${body}\r\n0\r\n\r\n`],
    ['a size above 2^64', `FFFFFFFFFFFFFFFFF\r\n${body}\r\n0\r\n\r\n`],
    ['a size that wraps', `100000000000000${size}\r\n${body}\r\n0\r\n\r\n`],
    ['a size that is too small', `3\r\n${body}\r\n0\r\n\r\n`],
    ['bare LF', `${size}\n${body}\n0\n\n`],
    ['a bare LF in an extension', `${size};x\ny\r\n${body}\r\n0\r\n\r\n`],
    ['no size', `\r\n${body}\r\n0\r\n\r\n`],
  ]
  for (const [what, chunks] of rows) {
    verifies('http:edge:chunks', `with ${what} is neither stored nor followed by anything`, async () => {
      const before = await storedCount()
      const seen = await exchange(`${eventHead(body, chunked)}${chunks}${smuggled}`)
      expectHarmless(seen)
      expect(seen.isClosed).toBe(true)
      expect(statuses(seen.answers).filter((status) => status < 400)).toEqual([])
      expect(await storedCount()).toBe(before)
    })
  }

  test('with a trailer is one request, whatever the trailer says', async () => {
    const trailer = `${size}\r\n${body}\r\n0\r\nX-Slack-Signature: v0=0\r\n\r\n`
    const seen = await exchange(`${eventHead(body, chunked)}${trailer}${smuggled}`)
    expectHarmless(seen)
    expect(seen.answers.map(({ body: text }) => text)).not.toContain('{"status":"ready"}')
    expect(seen.isClosed).toBe(true)
  })
})

/** Events that the webhook took, by the metrics of the server. */
async function storedCount(): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  const counts = text.matchAll(
    /^slackmcp_events_received_total\{[^}]*outcome="(?:accepted|duplicate)"\} (\d+)$/gm,
  )
  return [...counts].reduce((sum, match) => sum + Number(match[1]), 0)
}

describe('headers', () => {
  const many = (count: number) =>
    get(Array.from({ length: count - 2 }, (_, index) => `X-${index}: 1\r\n`).join(''))
  const long = (byteCount: number) => get(`X-A: ${'a'.repeat(byteCount)}\r\n`)
  const rows: readonly (readonly [what: string, bytes: () => string, status: number])[] = [
    ['99 of them', () => many(99), 200],
    ['100 of them', () => many(100), 200],
    ['101 of them', () => many(101), 400],
    ['250 of them', () => many(250), 431],
    ['15,000 bytes', () => long(15_000), 200],
    ['20,000 bytes', () => long(20_000), 431],
    ['a path of 20,000 bytes', () => `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`, 431],
  ]
  for (const [what, bytes, status] of rows) {
    verifies('http:edge:header-bombs', `${what}: ${status}`, async () => {
      const seen = await exchange(bytes())
      expectHarmless(seen)
      expect(statuses(seen.answers)).toEqual([status])
      expect(seen.isClosed).toBe(true)
    })
  }
})

describe('a connection', () => {
  test('takes requests one after the other', async () => {
    const first = `GET /livez HTTP/1.1\r\n${host}\r\n`
    const withBody = `GET /livez HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello`
    const seen = await exchange(first + withBody + get(''))
    expect(statuses(seen.answers)).toEqual([200, 200, 200])
  })

  test('is not upgraded to anything', async () => {
    const upgrade =
      'Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n'
    const seen = await exchange(`GET /livez HTTP/1.1\r\n${host}${upgrade}\r\n${smuggled}`)
    expect(statuses(seen.answers)).toEqual([200, 200])
  })
})

test('after all that the server is well', async () => {
  const response = await fetch(`${server.url}/livez`)
  expect(response.status).toBe(200)
  expect(server.child.stdout.logged('request_failed')).toEqual([])
})
