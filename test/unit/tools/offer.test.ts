import { describe, expect, test } from 'bun:test'
import { createOfferIndex } from '../../../src/mcp/offer-index.ts'
import { createSlackOffer } from '../../../src/tools/offer.ts'
import { expandToolsets } from '../../../src/tools/select-tools.ts'
import { toolsetTable } from '../../../src/tools/slack-tool.ts'
import { type ToolSettings, toolSettingsDefaults } from '../../../src/tools/tool-settings.ts'
import { toolTable } from '../../../src/tools/tool-table.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ScriptedSlack, scriptedIdentity } from '../../support/scripted-slack.ts'
import { sequentialIds } from '../../support/sequential-ids.ts'
import { createToolBench } from '../../support/tool-bench.ts'
import { verifies } from '../../support/verifies.ts'

function offerWith(settings: Partial<ToolSettings>, slack = new ScriptedSlack()) {
  return createSlackOffer({
    slack,
    clock: new FakeClock(),
    ids: sequentialIds(),
    version: '1.2.3',
    settings: { ...toolSettingsDefaults, ...settings },
  })
}

const namesOf = (settings: Partial<ToolSettings>) => offerWith(settings).offer.tools.map((tool) => tool.name)

verifies('tools:start', 'making the offer and listing everything in it costs no Slack call', () => {
  const slack = new ScriptedSlack().identifyAs(undefined)
  const { offer } = offerWith({ toolsets: ['all'], readChannels: ['#general'] }, slack)
  const index = createOfferIndex(offer)
  index.listTools({ isReadOnly: false, toolsets: undefined, channels: undefined })
  expect([index.resources.length, index.resourceTemplates.length, index.prompts.length]).toEqual([1, 3, 10])
  expect(slack.calls).toEqual([])
})

describe('selection', () => {
  test('the default toolsets are messages, reactions, channels, users and emoji', () => {
    expect(expandToolsets(['default'])).toEqual(['messages', 'reactions', 'channels', 'users', 'emoji'])
    expect(namesOf({})).toEqual(
      toolTable.filter(({ toolset }) => toolsetTable[toolset].isDefault).map(({ name }) => name),
    )
  })

  test('toolsets, single tools and exclusions add up', () => {
    expect(namesOf({ toolsets: ['emoji'], tools: ['slack_get_user'] })).toEqual([
      'slack_get_user',
      'slack_read_emojis',
    ])
    expect(namesOf({ toolsets: ['reactions'], excludeTools: ['slack_remove_reactions'] })).toEqual([
      'slack_add_reactions',
    ])
    expect(namesOf({ toolsets: ['all'], hasUserToken: true })).toHaveLength(toolTable.length)
  })

  test('search is offered only with a user token', () => {
    expect(namesOf({ toolsets: ['search'] })).toEqual([])
    expect(namesOf({ toolsets: ['search'], hasUserToken: true })).toEqual(['slack_search_messages'])
  })

  verifies('tools:selection', 'an unknown toolset or tool is refused with the nearest name', () => {
    const refused = (option: string, suggestion: string) =>
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        details: expect.objectContaining({ option, did_you_mean: suggestion }),
      })
    expect(() => namesOf({ toolsets: ['mesages'] })).toThrow(refused('MCP_TOOLSETS', 'messages'))
    expect(() => namesOf({ tools: ['slack_get_users'] })).toThrow(refused('MCP_TOOLS', 'slack_get_user'))
    expect(() => namesOf({ excludeTools: ['slack_post_mesage'] })).toThrow(
      refused('MCP_EXCLUDE_TOOLS', 'slack_post_message'),
    )
  })

  test('resources and prompts are offered where the tools behind them are', () => {
    const { offer } = offerWith({ toolsets: ['users'] })
    expect(offer.resources).toEqual([])
    expect(offer.resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual(['slack://users/{user}'])
    expect(offer.prompts).toEqual([])
  })
})

verifies(
  'tools:scopes',
  'tools whose scopes the token lacks leave the list once scopes are known, and listeners hear of it',
  () => {
    const slack = new ScriptedSlack().identifyAs(undefined)
    const slackOffer = offerWith({}, slack)
    let changeCount = 0
    const stop = slackOffer.offer.onChanged?.(() => {
      changeCount++
    })
    const names = () => slackOffer.offer.tools.map(({ name }) => name)
    expect(names()).toHaveLength(14)
    slackOffer.refresh()
    expect(changeCount).toBe(0)
    slack.identifyAs({ ...scriptedIdentity, scopes: ['chat:write', 'groups:history', 'users:read'] })
    slackOffer.refresh()
    expect(names()).toEqual([
      'slack_post_message',
      'slack_thread_reply',
      'slack_update_message',
      'slack_delete_message',
      'slack_read_channel_messages',
      'slack_read_thread_messages',
      'slack_get_message',
      'slack_get_user',
      'slack_search_users',
    ])
    expect(changeCount).toBe(1)
    slackOffer.refresh()
    expect(changeCount).toBe(1)
    stop?.()
    slack.identifyAs({ ...scriptedIdentity, scopes: [] })
    slackOffer.refresh()
    expect([names(), changeCount]).toEqual([[], 1])
  },
)

test("a search tool is judged by the user token's scopes, not by the bot's", () => {
  const slack = new ScriptedSlack().identifyAs({ ...scriptedIdentity, scopes: [] })
  const slackOffer = offerWith({ toolsets: ['search'], hasUserToken: true }, slack)
  expect(slackOffer.offer.tools).toHaveLength(1)
  slack.identifyAs({ ...scriptedIdentity, scopes: ['users:read'] }, 'user')
  slackOffer.refresh()
  expect(slackOffer.offer.tools).toHaveLength(0)
  slack.identifyAs({ ...scriptedIdentity, scopes: ['search:read'] }, 'user')
  slackOffer.refresh()
  expect(slackOffer.offer.tools).toHaveLength(1)
})

test('two offers in one process do not meet', async () => {
  const first = createToolBench()
  const second = createToolBench()
  first.slack.on('users.info', { user: { id: 'U1AA', name: 'ada' } })
  second.slack.on('users.info', { user: { id: 'U1AA', name: 'bob' } })
  expect((await first.call('slack_get_user', { user: 'U1AA' })).data.handle).toBe('ada')
  expect((await second.call('slack_get_user', { user: 'U1AA' })).data.handle).toBe('bob')
})

test('after stop, events are no longer listened to', () => {
  const { bus, slackOffer } = createToolBench()
  slackOffer.services.directory.users.learn({ id: 'U1AA', name: 'ada' })
  slackOffer.stop()
  bus.publish({
    eventId: 'Ev1',
    type: 'user_change',
    teamId: 'T100',
    channelId: undefined,
    userId: 'U1AA',
    ts: undefined,
    threadTs: undefined,
    event: { user: { id: 'U1AA', name: 'eve' } },
  })
  expect(slackOffer.services.directory.user('U1AA')).toBe('ada')
})
