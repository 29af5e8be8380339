import { expect, test } from 'bun:test'
import { createToolBench } from '../../support/tool-bench.ts'
import { verifies } from '../../support/verifies.ts'

/** A bench over a workspace of so many Adas, in pages of `perPage`. */
function createAdaBench(count: number, perPage = count, lookupPagesMax = 10) {
  const bench = createToolBench({ settings: { lookupPagesMax } })
  const members = Array.from({ length: count }, (_, index) => ({ id: `U${index}AA`, name: `ada${index}` }))
  bench.slack.on('users.list', ({ cursor }) => {
    const from = Number(cursor ?? 0)
    const end = from + perPage
    return {
      members: members.slice(from, end),
      response_metadata: { next_cursor: end < count ? String(end) : '' },
    }
  })
  return bench
}

const headOf = (text: string) => text.split('\n')[0]?.split(' Slack content')[0]
const lastOf = (text: string) => text.split('\n').at(-1)

verifies(
  'tools:paging',
  'says how many people match beyond the limit, and the call that shows them',
  async () => {
    const { call } = createAdaBench(5)
    const cut = await call('slack_search_users', { query: 'ada', limit: 4 })
    expect(headOf(cut.text)).toBe('4 of 5 matches, everybody looked at.')
    expect(cut.data).toMatchObject({ match_count: 5, is_complete: true })
    expect(lastOf(cut.text)).toBe('More: slack_search_users {"query":"ada","limit":8}')
    for (const limit of [5, 6]) {
      const whole = await call('slack_search_users', { query: 'ada', limit })
      expect(headOf(whole.text)).toBe('5 matches, everybody looked at.')
      expect([whole.data.users.length, lastOf(whole.text)]).toEqual([5, '(end of Slack content)'])
    }
  },
)

test('asks for narrower words where no limit shows all', async () => {
  const { call } = createAdaBench(101)
  const { text } = await call('slack_search_users', { query: 'ada', limit: 100 })
  expect(headOf(text)).toBe('100 of 101 matches, everybody looked at. Narrow the query to see others.')
  expect(lastOf(text)).toBe('(end of Slack content)')
})

test('names the call that looks further where the workspace was not read to its end', async () => {
  const enough = await createAdaBench(6, 2).call('slack_search_users', { query: 'ada', limit: 2 })
  expect(headOf(enough.text)).toBe('2 matches, 2 people looked at so far.')
  expect(lastOf(enough.text)).toBe('More: slack_search_users {"query":"ada","limit":4}')
  const { slack, call } = createAdaBench(6, 2, 1)
  const first = await call('slack_search_users', { query: 'ada5' })
  expect(headOf(first.text)).toBe('0 matches, 2 people looked at so far. Call again to look further.')
  expect(lastOf(first.text)).toBe('More: slack_search_users {"query":"ada5","limit":20}')
  await call('slack_search_users', { query: 'ada5' })
  const found = await call('slack_search_users', { query: 'ada5' })
  expect(headOf(found.text)).toBe('1 match, everybody looked at.')
  expect(slack.counts()['users.list']).toBe(3)
})
