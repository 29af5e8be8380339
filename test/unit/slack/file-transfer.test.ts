import { describe, expect, test } from 'bun:test'
import { Secret } from '../../../src/base/secret.ts'
import { createSlackFiles } from '../../../src/slack/file-transfer.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'

const live = () => new AbortController().signal

interface Sent {
  readonly url: string
  readonly init: RequestInit
}

function createBench(
  answer: (url: string, init: RequestInit) => Promise<Response>,
  apiUrl = 'https://slack.com/api/',
) {
  const sent: Sent[] = []
  const clock = new FakeClock()
  const files = createSlackFiles({
    clock,
    apiUrl,
    token: () => new Secret('xoxb-canary'),
    fetch: async (url, init) => {
      sent.push({ url, init })
      return await answer(url, init)
    },
  })
  return { files, sent, clock }
}

const ok = async () => new Response('content', { headers: { 'content-type': 'text/plain' } })

test('sends the token to the file host and follows no redirect', async () => {
  const { files, sent } = createBench(ok)
  const content = await files.download('https://files.slack.com/files-pri/T1-F1/a.txt', 100, live())
  expect(new TextDecoder().decode(content.bytes)).toBe('content')
  expect(content.isCut).toBe(false)
  expect(sent).toMatchObject([
    { init: { redirect: 'error', headers: { authorization: 'Bearer xoxb-canary' } } },
  ])
})

describe('no request at all goes to', () => {
  test.each([
    'http://files.slack.com/a',
    'https://files.slack.com.evil.example/a',
    'https://evil.example/files.slack.com',
    'https://evilfiles.slack.com/a',
    'https://slack.com/api/api.test',
    'https://files.slack.com:8443/a',
    'https://user:secret@files.slack.com/a',
    'https://files.slack.com@evil.example/a',
    'https://FILES.slack.com.:443/a',
    'https://127.0.0.1/a',
    'https://2130706433/a',
    'https://[::ffff:127.0.0.1]/a',
    'file:///etc/passwd',
    'not an address',
    '',
  ])('%p', async (url) => {
    const { files, sent } = createBench(ok)
    await expect(files.download(url, 100, live())).rejects.toMatchObject({ code: 'SLACK_REFUSED' })
    await expect(files.upload(url, new Uint8Array(1), live())).rejects.toMatchObject({
      code: 'SLACK_REFUSED',
    })
    expect(sent).toEqual([])
  })
})

test('the file host goes with the Slack that is configured', async () => {
  const { files, sent } = createBench(ok, 'https://slack-gov.com/api/')
  await files.download('https://files.slack-gov.com/a', 100, live())
  await expect(files.download('https://files.slack.com/a', 100, live())).rejects.toMatchObject({
    code: 'SLACK_REFUSED',
  })
  expect(sent).toHaveLength(1)
})

test('a double on loopback serves its own files, and its API paths are no files', async () => {
  const { files, sent } = createBench(ok, 'http://127.0.0.1:4003/api/')
  await files.download('http://127.0.0.1:4003/files/F1', 100, live())
  for (const url of ['http://127.0.0.1:4003/api/api.test', 'http://127.0.0.1:4004/files/F1']) {
    await expect(files.download(url, 100, live())).rejects.toMatchObject({ code: 'SLACK_REFUSED' })
  }
  expect(sent).toHaveLength(1)
})

test('an upload carries no token: its address is the permission', async () => {
  const { files, sent } = createBench(ok)
  await files.upload('https://files.slack.com/upload/v1/abc', new Uint8Array([1, 2]), live())
  expect(sent).toHaveLength(1)
  expect(JSON.stringify(sent[0]?.init.headers ?? {})).not.toContain('canary')
})

test('reads at most the bytes asked for and says that there is more', async () => {
  const { files } = createBench(async () => new Response('x'.repeat(101)))
  const url = 'https://files.slack.com/a'
  expect(await files.download(url, 100, live())).toMatchObject({ isCut: true, bytes: { byteLength: 100 } })
  expect(await files.download(url, 101, live())).toMatchObject({ isCut: false, bytes: { byteLength: 101 } })
})

test('the sign-in page of Slack is no file', async () => {
  const page = async () => new Response('<html>', { headers: { 'content-type': 'text/html; charset=utf-8' } })
  const { files } = createBench(page)
  await expect(files.download('https://files.slack.com/a', 100, live())).rejects.toMatchObject({
    code: 'SLACK_REFUSED',
    details: { slack_error: 'file_not_accessible' },
  })
})

test.each([
  [404, 'SLACK_REFUSED'],
  [500, 'SLACK_UNAVAILABLE'],
])('HTTP %d is %s', async (status, code) => {
  const { files } = createBench(async () => new Response('no', { status }))
  await expect(files.download('https://files.slack.com/a', 100, live())).rejects.toMatchObject({ code })
})

test('gives up after half a minute, and at once with the caller', async () => {
  const never = (_: string, { signal }: RequestInit) =>
    new Promise<Response>((_resolve, reject) =>
      signal?.addEventListener('abort', () => reject(signal.reason)),
    )
  const { files, clock } = createBench(never)
  const slow = files.download('https://files.slack.com/a', 100, live()).catch((error: unknown) => error)
  await clock.advance(30_000)
  expect(await slow).toMatchObject({ code: 'SLACK_UNAVAILABLE' })
  const abort = new AbortController()
  const cancelled = files
    .download('https://files.slack.com/a', 100, abort.signal)
    .catch((error: unknown) => error)
  abort.abort()
  expect(await cancelled).toMatchObject({ code: 'CALL_CANCELLED' })
  await settle()
  expect(clock.timerCount).toBe(0)
})
