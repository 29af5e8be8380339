import { expect, test } from 'bun:test'
import { describeEvent, renderEventLine } from '../../../src/demo/event-line.ts'
import { demoBench } from '../../support/demo-call.ts'

/** What the last event of `act` reads like. */
async function lineOf(act: (bench: ReturnType<typeof demoBench>) => unknown) {
  const bench = demoBench()
  await act(bench)
  return describeEvent(JSON.stringify(bench.events.at(-1)), bench.workspace)
}

test('says where, who and what, in names', async () => {
  const line = await lineOf(({ workspace }) =>
    workspace.post({ channel: 'release', by: 'ana', text: '<@U0DEMO00RAJ> see <#C0DEMO00GEN>: 1 < 2' }),
  )
  expect(line).toEqual({ channel: '#release', user: 'ana', what: '@raj see #general: 1 < 2' })
})

test('tells replies, mentions, edits, deletions, reactions and everything else apart', async () => {
  const what = async (act: Parameters<typeof lineOf>[0]) => (await lineOf(act)).what
  const channel = 'C0DEMO00REL'
  const post = async ({ call }: ReturnType<typeof demoBench>) =>
    String((await call('chat.postMessage', { channel, text: 'one' }))['ts'])
  expect(
    await what(async (bench) =>
      bench.workspace.post({ channel: 'release', by: 'raj', text: 'two', threadTs: await post(bench) }),
    ),
  ).toBe('↳ two')
  expect(
    await what(({ workspace }) =>
      workspace.post({ channel: 'release', by: 'raj', text: '<@U0DEMO0MCP1> hi' }),
    ),
  ).toBe('mentions the bot: @slack-mcp hi')
  expect(
    await what(async (bench) => bench.call('chat.update', { channel, ts: await post(bench), text: 'new' })),
  ).toBe('edits: new')
  const edit = await lineOf(async (bench) =>
    bench.call('chat.update', { channel, ts: await post(bench), text: 'new' }),
  )
  expect(edit).toEqual({ channel: '#release', user: 'slack-mcp', what: 'edits: new' })
  expect(await what(async (bench) => bench.call('chat.delete', { channel, ts: await post(bench) }))).toBe(
    'deletes a message',
  )
  const react = async (bench: ReturnType<typeof demoBench>) => {
    const item = { channel, timestamp: await post(bench), name: 'eyes' }
    await bench.call('reactions.add', item)
    return item
  }
  expect(await lineOf(react)).toEqual({ channel: '#release', user: 'slack-mcp', what: 'reacts with :eyes:' })
  expect(await what(async (bench) => bench.call('reactions.remove', await react(bench)))).toBe(
    'takes :eyes: away',
  )
  expect(await what(({ call }) => call('conversations.join', { channel: 'C0DEMO00DES' }))).toBe(
    'member_joined_channel',
  )
  const direct = await lineOf(({ call }) =>
    call('chat.postMessage', { channel: 'D0DEMO00ANA', text: 'psst' }),
  )
  expect(direct).toEqual({ channel: 'direct message', user: 'slack-mcp', what: 'psst' })
})

test('lets no text act on the terminal or forge a line', async () => {
  const { what } = await lineOf(({ workspace }) =>
    workspace.post({ channel: 'random', by: 'mei', text: 'red \u001b[31m\nnext\u202e line' }),
  )
  expect(what).toBe('red \\u{1b}[31m⏎next\\u{202e} line')
})

test('says something of an event without channel and user', () => {
  const { workspace } = demoBench()
  expect(describeEvent('{"type":"event_callback","event":{"type":"team_rename"}}', workspace)).toEqual({
    channel: '-',
    user: '',
    what: 'team_rename',
  })
  expect(describeEvent('[]', workspace)).toEqual({ channel: '-', user: '', what: '' })
})

test('fits the width of the terminal', () => {
  const line = { channel: '#release', user: 'ana', what: 'x'.repeat(100) }
  expect(renderEventLine('10:00:00', line, 60)).toBe(`10:00:00  #release   ana        ${'x'.repeat(27)}…`)
  expect(renderEventLine('10:00:00', line, 60)).toHaveLength(60)
  expect(renderEventLine('10:00:00', { ...line, what: 'short' }, 60)).toBe(
    '10:00:00  #release   ana        short',
  )
  expect(renderEventLine('10:00:00', line, 40)).toHaveLength(40)
  expect(renderEventLine('10:00:00', line, 39)).toHaveLength(100)
  expect(renderEventLine('10:00:00', line, 0)).toHaveLength(100)
  expect(renderEventLine('10:00:00', line)).toHaveLength(100)
})
