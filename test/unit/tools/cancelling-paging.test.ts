import { describe, expect, test } from 'bun:test'
import { asList, asObject } from '../../../src/slack/json-fields.ts'
import { toolTable } from '../../../src/tools/tool-table.ts'
import { settle } from '../../support/fake-clock.ts'
import { refuses, type ScriptedSlack } from '../../support/scripted-slack.ts'
import { createToolBench, type ToolBench } from '../../support/tool-bench.ts'
import { toolCases } from '../../support/tool-cases.ts'
import { verifies } from '../../support/verifies.ts'

verifies(
  'tools:cancel',
  'every tool stops with its caller at each of its calls, and makes no further one',
  async () => {
    let stopCount = 0
    for (const { name } of toolTable) {
      const { script, args } = toolCases[name] ?? { script: () => undefined, args: {} }
      const whole = createToolBench()
      script(whole.slack)
      await whole.call(name, args)
      for (let answered = 0; answered < whole.slack.calls.length; answered++) {
        const { slack, call } = createToolBench()
        script(slack)
        slack.hangAfter(answered)
        const abort = new AbortController()
        const outcome = call(name, args, { signal: abort.signal }).catch((error: unknown) => error)
        await settle()
        abort.abort()
        const settled = asObject(await outcome)
        // Several items: those before the cancellation were done and are reported as such.
        const [, second] = asList(asObject(settled['data'])['responses']).map(asObject)
        const code = settled['code'] ?? asObject(second?.['error'])['code']
        expect([name, answered, code]).toEqual([name, answered, 'CALL_CANCELLED'])
        expect([name, slack.calls.length]).toEqual([name, answered + 1])
        stopCount++
      }
    }
    expect(stopCount).toBeGreaterThan(toolTable.length)
  },
)

/** Follows the calls that the last lines name, up to the end; what `pick` takes from every page. */
async function readToEnd(
  { call }: ToolBench,
  tool: string,
  args: object,
  pick: (data: Readonly<Record<string, unknown>>) => readonly unknown[],
): Promise<readonly unknown[]> {
  const found: unknown[] = []
  let next: { tool: string; args: object } | undefined = { tool, args }
  for (let pageCount = 0; next !== undefined; pageCount++) {
    if (pageCount > 50) throw new Error(`${tool} never ends`)
    const { text, data } = await call(next.tool, next.args)
    found.push(...pick(asObject(data)))
    const more: RegExpExecArray | null = /^More: (\w+) (\{.*\})$/m.exec(text.split('\n').at(-1) ?? '')
    next = more === null ? undefined : { tool: more[1] ?? '', args: JSON.parse(more[2] ?? '{}') }
  }
  return found
}

/** Answers `all` in pages of what the call asks for, cursors like Slack's: opaque, empty at the end. */
function paged(field: string, all: readonly unknown[], limitName = 'limit') {
  return (params: Readonly<Record<string, unknown>>) => {
    const from = params['cursor'] === undefined ? 0 : Number(atob(String(params['cursor'])))
    const to = from + Number(params[limitName])
    const next = to < all.length ? btoa(String(to)) : ''
    return { [field]: all.slice(from, to), has_more: next !== '', response_metadata: { next_cursor: next } }
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)
const stamp = (index: number) => `17000${String(index).padStart(5, '0')}.000100`
const idsIn = (list: unknown) => asList(list).map((member) => asObject(member)['id'])

describe('reading to the end', () => {
  interface Listing {
    readonly args: object
    script(slack: ScriptedSlack): void
    pick(data: Readonly<Record<string, unknown>>): readonly unknown[]
    readonly expected: readonly unknown[]
  }
  const listings: Readonly<Record<string, Listing>> = {
    slack_read_channel_messages: {
      args: { channel: 'C1AA', limit: 10, oldest: '1600000000.000000' },
      script: (slack) =>
        slack.on(
          'conversations.history',
          paged(
            'messages',
            numbers(35)
              .reverse()
              .map((index) => ({ ts: stamp(index), username: 'b', text: 'x' })),
          ),
        ),
      pick: (data) => [...asList(data['messages'])].reverse().map((message) => asObject(message)['ts']),
      expected: numbers(35).reverse().map(stamp),
    },
    slack_read_thread_messages: {
      args: { channel: 'C1AA', thread_ts: stamp(0), limit: 10 },
      script: (slack) =>
        slack.on(
          'conversations.replies',
          paged(
            'messages',
            numbers(25).map((index) => ({ ts: stamp(index), username: 'b', text: 'x' })),
          ),
        ),
      pick: (data) => asList(data['messages']).map((message) => asObject(message)['ts']),
      expected: numbers(25).map(stamp),
    },
    slack_list_channels: {
      args: { limit: 7 },
      script: (slack) =>
        slack.on(
          'conversations.list',
          paged(
            'channels',
            numbers(20).map((index) => ({ id: `C${index}AA`, name: `n${index}` })),
          ),
        ),
      pick: (data) => idsIn(data['channels']),
      expected: numbers(20).map((index) => `C${index}AA`),
    },
    slack_get_channel: {
      args: { channel: 'C1AA', include_members: true },
      script: (slack) =>
        slack
          .on('conversations.info', { channel: { id: 'C1AA', name: 'general' } })
          .on('users.info', refuses('missing_scope'))
          .on(
            'conversations.members',
            paged(
              'members',
              numbers(250).map((index) => `U${index}AA`),
            ),
          ),
      pick: (data) => idsIn(data['members']),
      expected: numbers(250).map((index) => `U${index}AA`),
    },
    slack_read_emojis: {
      args: { limit: 9, query: 'e' },
      script: (slack) =>
        slack.on('emoji.list', {
          emoji: Object.fromEntries(
            numbers(30).map((index) => [`e${String(index).padStart(2, '0')}`, 'https://e.example']),
          ),
        }),
      pick: (data) => asList(data['emoji']).map((emoji) => asObject(emoji)['name']),
      expected: numbers(30).map((index) => `e${String(index).padStart(2, '0')}`),
    },
    slack_list_scheduled_messages: {
      args: { limit: 4 },
      script: (slack) =>
        slack.on(
          'chat.scheduledMessages.list',
          paged(
            'scheduled_messages',
            numbers(10).map((index) => ({ id: `Q${index}`, channel_id: 'C1AA', post_at: 1, text: 'x' })),
          ),
        ),
      pick: (data) => asList(data['messages']).map((message) => asObject(message)['scheduled_message_id']),
      expected: numbers(10).map((index) => `Q${index}`),
    },
    slack_list_files: {
      args: { limit: 4 },
      script: (slack) =>
        slack.on('files.list', ({ page = 1, count }) => ({
          files: numbers(10)
            .slice((Number(page) - 1) * Number(count), Number(page) * Number(count))
            .map((index) => ({ id: `F${index}AA`, name: 'x' })),
          paging: { page: Number(page), pages: 3 },
        })),
      pick: (data) => idsIn(data['files']),
      expected: numbers(10).map((index) => `F${index}AA`),
    },
    slack_search_messages: {
      args: { query: 'x', limit: 4, sort: 'newest' },
      script: (slack) =>
        slack
          .on('assistant.search.context', refuses('missing_scope'))
          .on('search.messages', ({ page, count }) => ({
            messages: {
              matches: numbers(10)
                .slice((Number(page) - 1) * Number(count), Number(page) * Number(count))
                .map((index) => ({ ts: stamp(index), username: 'b', text: 'x', channel: { id: 'C1AA' } })),
              paging: { pages: 3 },
            },
          })),
      pick: (data) => asList(data['hits']).map((hit) => asObject(hit)['ts']),
      expected: numbers(10).map(stamp),
    },
  }

  verifies(
    'tools:paging',
    'every listing comes out whole, once, by the calls that its last lines name',
    async () => {
      for (const [tool, { args, script, pick, expected }] of Object.entries(listings)) {
        const bench = createToolBench()
        script(bench.slack)
        expect([tool, await readToEnd(bench, tool, args, pick)]).toEqual([tool, expected])
      }
    },
  )

  test('every tool that takes a cursor, a page or an offset is among them', () => {
    const paging = toolTable
      .filter(({ input }) =>
        ['cursor', 'page', 'offset'].some((name) => Object.hasOwn(input.properties, name)),
      )
      .map(({ name }) => name)
    expect(paging.sort()).toEqual(Object.keys(listings).sort())
  })

  test('a page that was cut for its length goes on where it was cut', async () => {
    const bench = createToolBench()
    const all = numbers(40).map((index) => ({ ts: stamp(index), username: 'b', text: 'x'.repeat(3900) }))
    bench.slack.on('conversations.history', ({ latest }) => ({
      messages: all.filter(({ ts }) => latest === undefined || ts < String(latest)).reverse(),
      has_more: false,
    }))
    const found = await readToEnd(bench, 'slack_read_channel_messages', { channel: 'C1AA' }, (data) =>
      [...asList(data['messages'])].reverse().map((message) => asObject(message)['ts']),
    )
    expect(found).toEqual(numbers(40).reverse().map(stamp))
  })

  test('the newer search pages by its own cursor', async () => {
    const bench = createToolBench()
    const answer = paged(
      'messages',
      numbers(10).map((index) => ({
        message_ts: stamp(index),
        author_name: 'b',
        content: 'x',
        channel_id: 'C1AA',
      })),
    )
    bench.slack.on('assistant.search.context', (params) => {
      const { messages, response_metadata: metadata } = asObject(answer(params))
      return { results: { messages }, response_metadata: metadata }
    })
    const found = await readToEnd(bench, 'slack_search_messages', { query: 'x', limit: 4 }, (data) =>
      asList(data['hits']).map((hit) => asObject(hit)['ts']),
    )
    expect(found).toEqual(numbers(10).map(stamp))
  })
})
