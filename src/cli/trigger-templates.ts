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

type Payload = Readonly<Record<string, unknown>>

interface Template {
  readonly source: EventSource
  /** What Slack posts of it: the inner event, the form of a command, the payload of an interaction. */
  readonly payload: (fields: TriggerFields, extra: Payload) => Payload
}

type Make = (fields: TriggerFields) => Payload

const message =
  (channelType: string): Make =>
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
  (type: string): Make =>
  ({ channel, user, reaction: name, ts }) => ({
    type,
    user,
    reaction: name,
    item_user: user,
    item: { type: 'message', channel, ts },
    event_ts: ts,
  })

const membership =
  (type: string): Make =>
  ({ channel, user, ts }) => ({ type, user, channel, channel_type: 'C', event_ts: ts })

/** Fields of the person's own stand beside those of the template, and win over them. */
const made = (source: EventSource, make: Make): Template => ({
  source,
  payload: (fields, extra) => ({ ...make(fields), ...extra }),
})

const event = (make: Make): Template => made('events', make)

/** What every interaction says of the one who acted, and where. */
const actor = ({ channel, user }: TriggerFields): Payload => ({
  user: { id: user, username: 'trigger' },
  channel: { id: channel, name: 'trigger' },
})

/** A view stands in no channel. */
const view = ({ user }: TriggerFields, extra: Payload): Payload => ({
  type: 'view_submission',
  user: { id: user, username: 'trigger' },
  view: { id: 'V0TRIGGER', type: 'modal', callback_id: 'trigger', state: { values: {} }, ...extra },
})

const button = (fields: TriggerFields, extra: Payload): Payload => {
  const { text, channel, ts } = fields
  const label = { type: 'plain_text', text }
  const action = { type: 'button', block_id: 'trigger', action_id: 'trigger', text: label, action_ts: ts }
  return {
    type: 'block_actions',
    ...actor(fields),
    container: { type: 'message', message_ts: ts, channel_id: channel, is_ephemeral: false },
    actions: [{ ...action, ...extra }],
  }
}

/**
 * The events that can be made up, by the type that they are kept under, with the fields that Slack documents.
 * https://docs.slack.dev/reference/events, https://docs.slack.dev/reference/interaction-payloads
 */
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
  slash_command: made('commands', ({ text, channel, user }) => ({
    command: '/trigger',
    text,
    channel_id: channel,
    user_id: user,
  })),
  'interactive:block_actions': { source: 'interactivity', payload: button },
  'interactive:view_submission': { source: 'interactivity', payload: view },
  'interactive:shortcut': made('interactivity', ({ user, ts }) => ({
    type: 'shortcut',
    callback_id: 'trigger',
    user: { id: user, username: 'trigger' },
    action_ts: ts,
  })),
  'interactive:message_action': made('interactivity', (fields) => ({
    type: 'message_action',
    callback_id: 'trigger',
    ...actor(fields),
    message: { type: 'message', user: fields.user, text: fields.text, ts: fields.ts },
    message_ts: fields.ts,
    action_ts: fields.ts,
  })),
}
