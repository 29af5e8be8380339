import { describe, expect, test } from 'bun:test'
import { changedResources, channelOfResource, mayHearOf } from '../../src/app-changes.ts'
import type { SlackNotice } from '../../src/base/event-bus.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { verifies } from '../support/verifies.ts'

const notice = (fields: Partial<SlackNotice> & { type: string }): SlackNotice => ({
  eventId: 'Ev1',
  teamId: 'T1',
  channelId: undefined,
  userId: undefined,
  ts: undefined,
  threadTs: undefined,
  event: {},
  ...fields,
})
const unnamed = () => undefined

describe('what an event changes', () => {
  verifies(
    'mcp:changes:resources',
    'a message changes its channel and its thread, by id and by known name',
    () => {
      expect(changedResources(notice({ type: 'message', channelId: 'C1' }), unnamed)).toEqual([
        'slack://channels/C1',
      ])
      const reply = notice({ type: 'message', channelId: 'C1', threadTs: '1.2' })
      expect(changedResources(reply, () => 'general')).toEqual([
        'slack://channels/C1',
        'slack://channels/C1/threads/1.2',
        'slack://channels/general',
        'slack://channels/general/threads/1.2',
        'slack://channels/%23general',
        'slack://channels/%23general/threads/1.2',
      ])
    },
  )

  test('an edited or deleted reply changes the thread that it names one level deeper', () => {
    for (const event of [{ message: { thread_ts: '1.2' } }, { previous_message: { thread_ts: '1.2' } }]) {
      expect(changedResources(notice({ type: 'message', channelId: 'C1', event }), unnamed)).toContain(
        'slack://channels/C1/threads/1.2',
      )
    }
  })

  test('people, emoji and what concerns no resource', () => {
    expect(changedResources(notice({ type: 'user_change', event: { user: { id: 'U1' } } }), unnamed)).toEqual(
      ['slack://users/U1'],
    )
    expect(changedResources(notice({ type: 'emoji_changed' }), unnamed)).toEqual(['slack://emojis'])
    expect(changedResources(notice({ type: 'team_join' }), unnamed)).toEqual([])
  })
})

describe('who may hear of it', () => {
  test('the channel of a resource is found by id and name', () => {
    expect(channelOfResource('slack://channels/C1/threads/1.2')).toBe('C1')
    expect(channelOfResource('slack://channels/%23general')).toBe('general')
    expect(channelOfResource('slack://channels/%E0%A4%A')).toBe('%E0%A4%A')
    expect(channelOfResource('slack://users/U1')).toBeUndefined()
  })

  verifies(
    'mcp:changes:hidden',
    'a channel whose rights cannot be told, or not in time, counts as hidden',
    async () => {
      const clock = new FakeClock()
      expect(await mayHearOf('slack://emojis', async () => false, clock)).toBe(true)
      expect(await mayHearOf('slack://channels/C1', async () => true, clock)).toBe(true)
      expect(await mayHearOf('slack://channels/C1', async () => false, clock)).toBe(false)
      expect(await mayHearOf('slack://channels/C1', () => Promise.reject(new Error('away')), clock)).toBe(
        false,
      )
      const waiting = mayHearOf('slack://channels/C1', () => new Promise(() => undefined), clock)
      await clock.advance(5000)
      expect(await waiting).toBe(false)
      expect(clock.timerCount).toBe(0)
    },
  )
})
