import { describe, expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import { idempotencyTtlMs, keysPerPrincipalMax } from '../../../src/tools/idempotency.ts'
import { settle } from '../../support/fake-clock.ts'
import { fails, hangs, refuses } from '../../support/scripted-slack.ts'
import { createToolBench, principalWith } from '../../support/tool-bench.ts'
import { verifies } from '../../support/verifies.ts'

const ts = '1700000000.000100'
const post = { channel: 'C1AA', text: 'hello', idempotency_key: 'report-1' }

verifies(
  'tools:idempotency',
  'the same key sends once within 24 hours and gets the same answer',
  async () => {
    const { slack, clock, call } = createToolBench()
    let postCount = 0
    slack.on('chat.postMessage', () => ({ channel: 'C1AA', ts: `170000000${++postCount}.000100` }))
    const first = await call('slack_post_message', post)
    expect(await call('slack_post_message', post)).toEqual(first)
    await clock.advance(idempotencyTtlMs - 1)
    expect(await call('slack_post_message', post)).toEqual(first)
    expect(postCount).toBe(1)
    await clock.advance(1)
    expect((await call('slack_post_message', post)).data.ts).toBe('1700000002.000100')
  },
)

describe('a key', () => {
  test('with other arguments is a mistake', async () => {
    const { slack, call } = createToolBench()
    slack.on('chat.postMessage', { channel: 'C1AA', ts })
    await call('slack_post_message', post)
    await expect(call('slack_post_message', { ...post, text: 'other' })).rejects.toMatchObject({
      code: 'TOOL_ARGUMENTS_INVALID',
      details: { field: 'idempotency_key' },
    })
    expect(slack.counts()).toEqual({ 'chat.postMessage': 1 })
  })

  test('is one of its principal and its tool', async () => {
    const { slack, call } = createToolBench()
    slack.on('chat.postMessage', { channel: 'C1AA', ts })
    await call('slack_post_message', post)
    await call('slack_post_message', post, { principal: { ...principalWith(), name: 'other' } })
    await call('slack_thread_reply', {
      channel: 'C1AA',
      thread_ts: ts,
      texts: ['x'],
      idempotency_key: 'report-1',
    })
    expect(slack.counts()).toEqual({ 'chat.postMessage': 3 })
  })

  test('is free again after a refusal: nothing was sent', async () => {
    const { slack, call } = createToolBench()
    slack.on('chat.postMessage', refuses('not_in_channel'))
    await call('slack_post_message', post).catch(() => undefined)
    slack.on('chat.postMessage', { channel: 'C1AA', ts })
    expect((await call('slack_post_message', post)).data.ts).toBe(ts)
  })

  test.each([
    ['an outcome that nobody knows', 'SLACK_OUTCOME_UNKNOWN'],
    ['an error of ours', 'INTERNAL'],
  ] as const)('stays taken after %s: sending again could do it twice', async (_, code) => {
    const { slack, call } = createToolBench()
    slack.on('chat.postMessage', fails(code))
    await call('slack_post_message', post).catch(() => undefined)
    slack.on('chat.postMessage', { channel: 'C1AA', ts })
    await expect(call('slack_post_message', post)).rejects.toMatchObject({ code: 'SLACK_OUTCOME_UNKNOWN' })
    expect(slack.counts()).toEqual({ 'chat.postMessage': 1 })
    expect((await call('slack_post_message', { ...post, idempotency_key: 'report-2' })).data.ts).toBe(ts)
  })

  test('stays taken after a cancellation', async () => {
    const { slack, call } = createToolBench()
    slack.on('chat.postMessage', hangs)
    const abort = new AbortController()
    const posting = call('slack_post_message', post, { signal: abort.signal }).catch(() => undefined)
    await settle()
    abort.abort()
    await posting
    await expect(call('slack_post_message', post)).rejects.toMatchObject({ code: 'SLACK_OUTCOME_UNKNOWN' })
    expect(slack.counts()).toEqual({ 'chat.postMessage': 1 })
  })

  test('in use at the same moment does not send twice', async () => {
    const { slack, call } = createToolBench()
    slack.on('chat.postMessage', async () => {
      await settle()
      return { channel: 'C1AA', ts }
    })
    const outcomes = await Promise.allSettled([
      call('slack_post_message', post),
      call('slack_post_message', post),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(slack.counts()).toEqual({ 'chat.postMessage': 1 })
  })

  test('is used with the same arguments also where they stand in another order', async () => {
    const { slack, call } = createToolBench()
    slack.on('chat.postMessage', { channel: 'C1AA', ts })
    const block = { type: 'section', text: { type: 'plain_text', text: 'x' } }
    const turned = { text: { text: 'x', type: 'plain_text' }, type: 'section' }
    const first = await call('slack_post_message', { ...post, blocks: [block] })
    const args = Object.fromEntries(Object.entries({ ...post, blocks: [turned] }).reverse())
    expect(await call('slack_post_message', args)).toEqual(first)
    await expect(call('slack_post_message', { ...post, blocks: [block, block] })).rejects.toMatchObject({
      details: { field: 'idempotency_key' },
    })
    expect(slack.counts()).toEqual({ 'chat.postMessage': 1 })
  })

  test('is remembered beside as many others of its principal as there is room for, whatever other principals do', async () => {
    const { slack, call } = createToolBench()
    slack.on('chat.postMessage', { channel: 'C1AA', ts })
    const busy = { principal: { ...principalWith(), name: 'busy' } }
    const postAs = (key: number, overrides = {}) =>
      call('slack_post_message', { ...post, idempotency_key: `k${key}` }, overrides)
    await postAs(0)
    for (let key = 0; key < keysPerPrincipalMax; key++) await postAs(key, busy)
    await postAs(0, busy)
    await postAs(0)
    expect(slack.counts()).toEqual({ 'chat.postMessage': keysPerPrincipalMax + 1 })
    await postAs(keysPerPrincipalMax, busy)
    await postAs(1, busy)
    await postAs(0)
    // One more than there is room for: the one not used for longest gave way, and no other principal's.
    expect(slack.counts()).toEqual({ 'chat.postMessage': keysPerPrincipalMax + 3 })
  })

  test('whose outcome cannot be kept makes no failure of a message that was sent', async () => {
    const gone = async () => {
      throw new AppError('IDEMPOTENCY_UNAVAILABLE')
    }
    const { slack, call, log } = createToolBench({
      idempotency: { claim: async () => undefined, settle: gone, release: gone },
    })
    slack.on('chat.postMessage', { channel: 'C1AA', ts })
    expect((await call('slack_post_message', post)).data.ts).toBe(ts)
    slack.on('chat.postMessage', refuses('not_in_channel'))
    await expect(call('slack_post_message', post)).rejects.toMatchObject({ code: 'SLACK_REFUSED' })
    slack.on('chat.postMessage', fails('SLACK_OUTCOME_UNKNOWN'))
    await expect(call('slack_post_message', post)).rejects.toMatchObject({ code: 'SLACK_OUTCOME_UNKNOWN' })
    expect(log.named('mcp_idempotency_unsettled')).toHaveLength(3)
  })

  test('of a dry run is not used up', async () => {
    const { slack, call } = createToolBench()
    slack.on('chat.postMessage', { channel: 'C1AA', ts })
    await call('slack_post_message', { ...post, dry_run: true })
    await call('slack_post_message', post)
    expect(slack.counts()).toEqual({ 'chat.postMessage': 1 })
  })

  test('protects schedules and uploads too', async () => {
    const { slack, call } = createToolBench()
    slack
      .on('chat.scheduleMessage', { scheduled_message_id: 'Q1' })
      .on('files.getUploadURLExternal', { upload_url: 'https://files.slack.com/x', file_id: 'F1AA' })
      .on('files.completeUploadExternal', {})
    for (let round = 0; round < 2; round++) {
      await call('slack_schedule_message', {
        channel: 'C1AA',
        text: 'x',
        post_at: '2023-11-15',
        idempotency_key: 'a',
      })
      await call('slack_upload_file', { channel: 'C1AA', filename: 'a', content: 'x', idempotency_key: 'a' })
    }
    expect(slack.counts()).toEqual({
      'chat.scheduleMessage': 1,
      'files.getUploadURLExternal': 1,
      'files.completeUploadExternal': 1,
    })
  })
})
