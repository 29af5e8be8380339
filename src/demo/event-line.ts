import type { JsonObject } from '../base/json-object.ts'
import { asOneLine, truncate } from '../base/text.ts'
import { asObject } from '../slack/json-fields.ts'
import { type Names, renderMrkdwn } from '../slack/text.ts'
import type { DemoWorkspace } from './workspace.ts'

type Directory = Pick<DemoWorkspace, 'channelName' | 'userName'>

/** An event as people read it: where, who, what. */
export interface EventLine {
  readonly channel: string
  readonly user: string
  readonly what: string
}

/** The event in the body of a webhook request. Names instead of ids, entities as characters, one line, nothing that could act on a terminal. */
export function describeEvent(body: string, directory: Directory): EventLine {
  const event = asObject(asObject(JSON.parse(body))['event'])
  const item = asObject(event['item'])
  const channelId = text(event['channel']) || text(event['channel_id']) || text(item['channel'])
  const message = asObject(event['message'])
  return {
    channel: asOneLine(channelLabel(channelId, directory)),
    user: asOneLine(directory.userName(text(event['user']) || text(message['user']))),
    what: asOneLine(describe(event, directory)),
  }
}

function channelLabel(id: string, directory: Directory): string {
  if (id === '') return '-'
  const name = directory.channelName(id)
  return name === '' ? 'direct message' : `#${name}`
}

function describe(event: JsonObject, directory: Directory): string {
  const names: Names = {
    user: (id) => directory.userName(id),
    channel: (id) => directory.channelName(id),
  }
  const words = renderMrkdwn(text(event['text']), names)
  switch (event['type']) {
    case 'message':
      return describeMessage(event, words, names)
    case 'app_mention':
      return `mentions the bot: ${words}`
    case 'reaction_added':
      return `reacts with :${text(event['reaction'])}:`
    case 'reaction_removed':
      return `takes :${text(event['reaction'])}: away`
    default:
      return text(event['type'])
  }
}

function describeMessage(event: JsonObject, words: string, names: Names): string {
  switch (event['subtype']) {
    case 'message_changed':
      return `edits: ${renderMrkdwn(text(asObject(event['message'])['text']), names)}`
    case 'message_deleted':
      return 'deletes a message'
    default:
      return event['thread_ts'] === undefined ? words : `↳ ${words}`
  }
}

const columnsDefault = 100
/** Narrower is no terminal that anybody reads: some report 0 for a width that they do not know. */
const columnsMin = 40
const channelColumns = 9
const userColumns = 9

/** One line of at most `columns` characters, 100 where that is no width. */
export function renderEventLine(
  time: string,
  { channel, user, what }: EventLine,
  columns = columnsDefault,
): string {
  const line = `${time}  ${channel.padEnd(channelColumns)}  ${user.padEnd(userColumns)}  ${what}`
  return truncate(line, columns < columnsMin ? columnsDefault : columns)
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
