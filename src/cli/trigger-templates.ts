import type { EventSource } from '../queue/driver.ts'

/** What the person chose; the rest is made up. */
export interface TriggerFields {
  readonly text: string
  readonly channel: string
  readonly user: string
  readonly reaction: string
  /** Slack's time: seconds since 1970 with six digits. */
  readonly ts: string
}

interface Template {
  readonly source: EventSource
  readonly fields: (fields: TriggerFields) => Readonly<Record<string, unknown>>
}

const message =
  (channelType: string): Template['fields'] =>
  ({ text, channel, user, ts }) => ({
    type: 'message',
    channel,
    channel_type: channelType,
    user,
    text,
    ts,
    event_ts: ts,
  })

const reaction =
  (type: string): Template['fields'] =>
  ({ channel, user, reaction: name, ts }) => ({
    type,
    user,
    reaction: name,
    item_user: user,
    item: { type: 'message', channel, ts },
    event_ts: ts,
  })

const membership =
  (type: string): Template['fields'] =>
  ({ channel, user, ts }) => ({ type, user, channel, channel_type: 'C', event_ts: ts })

const event = (fields: Template['fields']): Template => ({ source: 'events', fields })

/** The events that can be made up, with the fields that Slack documents. https://docs.slack.dev/reference/events */
export const triggerTemplates: Readonly<Record<string, Template>> = {
  app_mention: event(({ text, channel, user, ts }) => ({
    type: 'app_mention',
    channel,
    user,
    text,
    ts,
    event_ts: ts,
  })),
  message: event(message('channel')),
  'message.channels': event(message('channel')),
  'message.groups': event(message('group')),
  'message.im': event(message('im')),
  'message.mpim': event(message('mpim')),
  reaction_added: event(reaction('reaction_added')),
  reaction_removed: event(reaction('reaction_removed')),
  member_joined_channel: event(membership('member_joined_channel')),
  member_left_channel: event(membership('member_left_channel')),
  app_home_opened: event(({ channel, user, ts }) => ({
    type: 'app_home_opened',
    user,
    channel,
    tab: 'home',
    event_ts: ts,
  })),
  channel_created: event(({ text, channel, user, ts }) => ({
    type: 'channel_created',
    channel: { id: channel, name: text, created: Math.floor(Number(ts)), creator: user },
    event_ts: ts,
  })),
  team_join: event(({ user, ts }) => ({
    type: 'team_join',
    user: { id: user, name: 'trigger' },
    event_ts: ts,
  })),
  slash_command: {
    source: 'commands',
    fields: ({ text, channel, user }) => ({ command: '/trigger', text, channel_id: channel, user_id: user }),
  },
}
