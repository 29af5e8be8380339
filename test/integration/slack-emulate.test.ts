import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import type { SlackAnswer } from '../../src/slack/api.ts'
import { initializeSlackClient, type SlackClient } from '../../src/slack/client.ts'
import { asObject, asObjects, asText } from '../../src/slack/json-fields.ts'
import { type EmulatedSlack, startEmulatedSlack } from '../support/emulate-slack.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { RecordingMetrics } from '../support/recording-metrics.ts'

const scopes = [
  ...['chat:write', 'channels:read', 'channels:history', 'channels:join', 'channels:manage', 'im:write'],
  ...['users:read', 'users:read.email', 'reactions:read', 'reactions:write', 'team:read'],
]

describe('against an independent Slack', () => {
  let emulated: EmulatedSlack
  let slack: SlackClient

  beforeAll(async () => {
    emulated = await startEmulatedSlack(scopes)
    slack = initializeSlackClient(new Secret(emulated.botToken), undefined, {
      ...{ clock: createSystemClock(), ids: createSystemIds(), fetch: globalThis.fetch },
      ...{ log: new RecordingLogger(), metrics: new RecordingMetrics() },
      ...{ apiUrl: emulated.apiUrl, userToken: new Secret(emulated.personToken) },
    })
  })

  afterAll(async () => {
    await slack.stop()
    await emulated.close()
  })

  const refusalOf = async (call: Promise<SlackAnswer>) =>
    asObject(asObject(await call.catch((error: unknown) => error))['details'])['slack_error']

  async function channelId(name: string): Promise<string> {
    const { channels } = await slack.call('conversations.list', { limit: 1000 })
    return asText(asObjects(channels).find((channel) => channel['name'] === name)?.['id']) ?? 'missing'
  }

  test('we are who the token says', async () => {
    expect(await slack.identify()).toEqual({
      ...{ teamId: 'T000000001', teamName: 'Acme', userId: 'U00000B0T1', userName: 'helper' },
      // emulate sends no x-oauth-scopes header.
      ...{ botId: 'B000000001', enterpriseId: undefined, url: 'https://acme.slack.com/', scopes: undefined },
    })
    expect(slack.connection()).toBe('connected')
  })

  test('a message is posted, read, answered in its thread, reacted to, changed and deleted', async () => {
    const channel = await channelId('release')
    await slack.call('conversations.join', { channel })
    const text = 'Ærlig talt: 100 % & <https://a.example|a> 🎉'
    const { ts } = await slack.call('chat.postMessage', { channel, text, blocks: [section(text)] })
    expect(ts).toMatch(/^\d{10}\.\d{6}$/)
    await slack.call('chat.postMessage', { channel, text: 'a reply', thread_ts: ts })
    await slack.call('reactions.add', { channel, timestamp: ts, name: 'tada' })
    expect(await refusalOf(slack.call('reactions.add', { channel, timestamp: ts, name: 'tada' }))).toBe(
      'already_reacted',
    )

    const history = await slack.call('conversations.history', { channel, limit: 10 })
    const message = asObjects(history['messages']).find((one) => one['ts'] === ts)
    expect(message).toMatchObject({ text, blocks: [section(text)] })
    const thread = await slack.call('conversations.replies', { channel, ts })
    expect(asObjects(thread['messages']).map((one) => one['text'])).toEqual([text, 'a reply'])

    await slack.call('chat.update', { channel, ts, text: 'changed', blocks: [] })
    await slack.call('chat.delete', { channel, ts })
    expect(await refusalOf(slack.call('chat.delete', { channel, ts }))).toBe('message_not_found')
  })

  test('a list is paged to its end', async () => {
    const names: unknown[] = []
    let cursor: string | undefined
    do {
      const page = await slack.call('conversations.list', { limit: 1, cursor })
      names.push(...asObjects(page['channels']).map((channel) => channel['name']))
      cursor = asText(asObject(page['response_metadata'])['next_cursor'])
    } while (cursor !== undefined)
    expect(names.sort()).toEqual(['general', 'random', 'release'])
  })

  test('the user token acts as its person', async () => {
    const channel = await channelId('general')
    const { message } = await slack.call('chat.postMessage', { channel, text: 'by hand' }, { token: 'user' })
    const { user } = await slack.call('users.lookupByEmail', { email: 'ada@acme.example' })
    const ada = asObject(user)
    expect([ada['id'], ada['name']]).toContain(asObject(message)['user'])
  })

  test('a missing scope is named with what there is', async () => {
    const call = slack.call('pins.list', { channel: await channelId('general') })
    expect(await call.catch((error: unknown) => error)).toMatchObject({
      code: 'SLACK_REFUSED',
      details: {
        method: 'pins.list',
        slack_error: 'missing_scope',
        needed: 'pins:read',
        provided: scopes.join(','),
      },
    })
  })

  test('a method that it does not know is a failure and not an outage', async () => {
    // Known to be there, whatever ran before: a 404 of a single method must leave it at that.
    await slack.call('auth.test', {})
    // The real Slack answers 200 with unknown_method; emulate has no such path.
    expect(await slack.call('emoji.list', {}).catch((error: unknown) => error)).toMatchObject({
      code: 'SLACK_UNAVAILABLE',
      details: { method: 'emoji.list', reason: 'http', status: 404 },
    })
    expect(slack.breakerState()).toBe('closed')
    expect(slack.connection()).toBe('connected')
  })
})

function section(text: string) {
  return { type: 'section', text: { type: 'mrkdwn', text } }
}
