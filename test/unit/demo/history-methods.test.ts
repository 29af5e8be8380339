import { expect, test } from 'bun:test'
import { demoBench } from '../../support/demo-call.ts'

const release = 'C0DEMO00REL'

interface Listed {
  readonly messages: readonly {
    readonly ts: string
    readonly text: string
    readonly [key: string]: unknown
  }[]
  readonly has_more: boolean
  readonly response_metadata?: { readonly next_cursor: string }
}

/** A bench whose #random holds nothing but `count` messages m0, m1, … of a second each. */
async function withMessages(count: number) {
  const bench = demoBench()
  const fresh = '1700000000.000000'
  const ts: string[] = []
  for (let index = 0; index < count; index++) {
    ts.push(bench.workspace.post({ channel: 'random', by: 'mei', text: `m${index}` }))
    await bench.clock.advance(1_000)
  }
  const read = (params: Readonly<Record<string, string>> = {}) =>
    bench.call<Listed>('conversations.history', { channel: 'C0DEMO00RAN', oldest: fresh, ...params })
  return { ...bench, ts, read, texts: (listed: Listed) => listed.messages.map(({ text }) => text) }
}

test('answers newest first and leaves replies in their threads', async () => {
  const { call } = demoBench()
  const answer = await call<Listed>('conversations.history', { channel: release })
  const sorted = answer.messages
    .map(({ ts }) => ts)
    .toSorted()
    .reverse()
  expect(answer.messages.map(({ ts }) => ts)).toEqual(sorted)
  expect(answer.messages).toHaveLength(5)
  const head = answer.messages.find(({ thread_ts }) => thread_ts !== undefined)
  expect(head).toMatchObject({
    reply_count: 4,
    reply_users_count: 3,
    reply_users: ['U0DEMO00RAJ', 'U0DEMO0LENA', 'U0DEMO00ANA'],
    is_locked: false,
  })
  expect(head?.['thread_ts']).toBe(head?.ts)
  expect(answer).not.toHaveProperty('response_metadata')
})

test('shows a broadcast reply in the channel and in its thread', async () => {
  const { call } = demoBench()
  const answer = await call<Listed>('conversations.history', { channel: 'C0DEMO00SUP' })
  const broadcast = answer.messages.find(({ subtype }) => subtype === 'thread_broadcast')
  expect(broadcast?.text).toBe('Fixed in 2.4, the outbound trip is first again.')
  expect(broadcast?.['thread_ts']).toBe(answer.messages.at(-1)?.ts)
})

test('keeps both bounds out unless they are asked for', async () => {
  const { read, ts, texts } = await withMessages(5)
  const bounds = { oldest: ts[1] ?? '', latest: ts[3] ?? '' }
  expect(texts(await read(bounds))).toEqual(['m2'])
  expect(texts(await read({ ...bounds, inclusive: 'true' }))).toEqual(['m3', 'm2', 'm1'])
  expect(texts(await read({ ...bounds, inclusive: 'false' }))).toEqual(['m2'])
  expect(await read(bounds)).toMatchObject(bounds)
})

test('takes bounds without a fraction and refuses what is no timestamp', async () => {
  const { read, texts, call } = await withMessages(3)
  expect(texts(await read({ oldest: '1700000001', inclusive: 'true' }))).toEqual(['m2', 'm1'])
  expect(texts(await read({ oldest: '1700000001' }))).toEqual(['m2'])
  expect(texts(await read({ oldest: '1700000000.9' }))).toEqual(['m2', 'm1'])
  expect((await read({ oldest: '0' })).messages).toHaveLength(5)
  expect(await call('conversations.history', { channel: release, latest: 'yesterday' })).toEqual({
    ok: false,
    error: 'invalid_ts_latest',
  })
  expect(await call('conversations.history', { channel: release, oldest: '1.2.3' })).toMatchObject({
    error: 'invalid_ts_oldest',
  })
})

test('pages by an opaque cursor that new messages do not disturb', async () => {
  const { read, texts, workspace } = await withMessages(5)
  const first = await read({ limit: '2', oldest: '1700000000', inclusive: 'true' })
  expect([texts(first), first.has_more]).toEqual([['m4', 'm3'], true])
  workspace.post({ channel: 'random', by: 'tom', text: 'meanwhile' })
  const cursor = first.response_metadata?.next_cursor ?? ''
  expect(cursor).toMatch(/^[A-Za-z0-9+/]+=*$/)
  const second = await read({ limit: '2', oldest: '1700000000', inclusive: 'true', cursor })
  expect([texts(second), second.has_more]).toEqual([['m2', 'm1'], true])
  const third = await read({
    limit: '2',
    oldest: '1700000000',
    inclusive: 'true',
    cursor: second.response_metadata?.next_cursor ?? '',
  })
  expect([texts(third), third.has_more, third.response_metadata]).toEqual([['m0'], false, undefined])
})

test('has no more exactly when the page holds the rest', async () => {
  const { read } = await withMessages(3)
  const all = { oldest: '1700000000', inclusive: 'true' }
  expect((await read({ ...all, limit: '2' })).has_more).toBe(true)
  expect((await read({ ...all, limit: '3' })).has_more).toBe(false)
  expect((await read({ ...all, limit: '4' })).has_more).toBe(false)
})

test('refuses a cursor of another method, a made-up one and a cut one', async () => {
  const { call } = demoBench()
  const channels = await call<Listed>('conversations.list', { limit: '1' })
  const foreign = channels.response_metadata?.next_cursor ?? ''
  const own = await call<Listed>('conversations.history', { channel: release, limit: '1' })
  const cut = (own.response_metadata?.next_cursor ?? '').slice(0, -4)
  for (const cursor of [foreign, 'bogus', '2', cut]) {
    expect(await call('conversations.history', { channel: release, cursor })).toEqual({
      ok: false,
      error: 'invalid_cursor',
    })
  }
})

test('adjusts a limit that is out of range to 999 at most', async () => {
  const { call, workspace } = demoBench()
  for (let index = 0; index < 1_000; index++) {
    workspace.post({ channel: 'random', by: 'raj', text: `line ${index}` })
  }
  const count = async (limit: string) =>
    (await call<Listed>('conversations.history', { channel: 'C0DEMO00RAN', limit })).messages.length
  expect(await count('999')).toBe(999)
  expect(await count('1000')).toBe(999)
  expect(await count('0')).toBe(100)
  expect(await count('-5')).toBe(100)
})

test('answers a thread oldest first, its head on every page', async () => {
  const { call, workspace } = demoBench()
  const head = workspace.post({ channel: 'release', by: 'ana', text: 'head' })
  for (const text of ['r0', 'r1', 'r2']) {
    workspace.post({ channel: 'release', by: 'raj', text, threadTs: head })
  }
  const read = async (params: Readonly<Record<string, string>>) =>
    await call<Listed>('conversations.replies', { channel: release, ts: head, ...params })
  const first = await read({ limit: '2' })
  expect(first.messages.map(({ text }) => text)).toEqual(['head', 'r0', 'r1'])
  expect(first.has_more).toBe(true)
  const second = await read({ limit: '2', cursor: first.response_metadata?.next_cursor ?? '' })
  expect(second.messages.map(({ text }) => text)).toEqual(['head', 'r2'])
  expect(second.has_more).toBe(false)
  expect(second.messages[1]).toMatchObject({ thread_ts: head, parent_user_id: 'U0DEMO00ANA' })
  const newer = await read({ oldest: first.messages[1]?.ts ?? '' })
  expect(newer.messages.map(({ text }) => text)).toEqual(['head', 'r1', 'r2'])
})

test('answers a lone message, a reply by itself, and thread_not_found for anything else', async () => {
  const { call, workspace } = demoBench()
  const lone = workspace.post({ channel: 'release', by: 'ana', text: 'alone' })
  const reply = workspace.post({ channel: 'release', by: 'raj', text: 'reply', threadTs: lone })
  const texts = async (ts: string) =>
    (await call<Listed>('conversations.replies', { channel: release, ts })).messages.map(({ text }) => text)
  expect(await texts(reply)).toEqual(['reply'])
  expect(await texts(lone)).toEqual(['alone', 'reply'])
  expect(await call('conversations.replies', { channel: release, ts: '1234567890.123456' })).toEqual({
    ok: false,
    error: 'thread_not_found',
  })
})

test('hides private channels from strangers and public ones from bots that have not joined', async () => {
  const { call, callAsUser } = demoBench({ extraUsers: 50, extraChannels: 10 })
  const read = (channel: string) => call('conversations.history', { channel })
  expect(await read('C0DEMO0BRD1')).toEqual({ ok: false, error: 'channel_not_found' })
  expect(await read('C0NOSUCH000')).toEqual({ ok: false, error: 'channel_not_found' })
  expect(await read('C0DEMO00DES')).toEqual({ ok: false, error: 'not_in_channel' })
  expect(await read('C0DEMO0LEAD')).toMatchObject({ ok: true })
  expect(await read('D0DEMO00ANA')).toMatchObject({ ok: true })
  // People read every public channel.
  expect(await callAsUser('conversations.info', { channel: 'C100000003' })).toMatchObject({
    channel: { is_member: false },
  })
  expect(await callAsUser('conversations.history', { channel: 'C100000003' })).toMatchObject({ ok: true })
})
