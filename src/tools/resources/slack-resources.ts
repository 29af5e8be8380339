import type { RegisteredResourceTemplate, ResourceContents } from '../../mcp/registry.ts'
import { tsPattern } from '../../slack/reference.ts'
import { argumentError } from '../argument-error.ts'
import { completeChannel, completeUser } from '../completions.ts'
import { readEmojis } from '../emoji/read-emojis.ts'
import { readChannelMessages } from '../messages/read-channel-messages.ts'
import { readThreadMessages } from '../messages/read-thread-messages.ts'
import { type PermittedTool, readThrough } from '../read-through.ts'
import type { SlackTool } from '../slack-tool.ts'
import type { ToolServices } from '../tool-context.ts'
import { getUser } from '../users/get-user.ts'
import { emojisUri } from './emojis-resource.ts'

const mimeType = 'application/json'
/** A resource is read whole; the tool behind it goes further back. */
const channelMessages = 50
const threadMessages = 200

/** What can be read by its address, each through the tool that reads the same; offered where that tool is. */
export function createSlackResourceTemplates(
  selected: readonly SlackTool[],
  services: ToolServices,
): readonly RegisteredResourceTemplate[] {
  const isOffered = (name: string) => selected.some((tool) => tool.name === name)
  return [
    ...(isOffered(readChannelMessages.name) ? [createChannelTemplate(services)] : []),
    ...(isOffered(readThreadMessages.name) ? [createThreadTemplate(services)] : []),
    ...(isOffered(getUser.name) ? [createUserTemplate(services)] : []),
  ]
}

/** The tool that reads what is at an address; undefined where nothing is. */
export function readerOf(uri: string): PermittedTool | undefined {
  if (uri === emojisUri) return readEmojis
  if (uri.startsWith('slack://users/')) return getUser
  if (!uri.startsWith('slack://channels/')) return undefined
  return uri.includes('/threads/') ? readThreadMessages : readChannelMessages
}

function createChannelTemplate(services: ToolServices): RegisteredResourceTemplate {
  return {
    uriTemplate: 'slack://channels/{channel}',
    name: 'channel',
    title: 'Latest messages of a channel',
    description: `The latest ${channelMessages} messages; channel is an id or a name without #.`,
    mimeType,
    async read({ channel = '' }, uri, context) {
      const args = { channel, limit: channelMessages }
      return asJson(uri, (await readThrough(readChannelMessages, args, context, services)).data)
    },
    complete: (_, typed, context) => completeChannel(services, { tool: readChannelMessages, typed, context }),
  }
}

function createThreadTemplate(services: ToolServices): RegisteredResourceTemplate {
  return {
    uriTemplate: 'slack://channels/{channel}/threads/{ts}',
    name: 'thread',
    title: 'A thread',
    description: `The first ${threadMessages} messages of a thread; ts is that of its first message.`,
    mimeType,
    async read({ channel = '', ts = '' }, uri, context) {
      if (!tsPattern.test(ts)) {
        throw argumentError({
          field: 'ts',
          given: ts,
          accepted: 'the ts of a message',
          example: '1712345678.000100',
        })
      }
      const args = { channel, thread_ts: ts, limit: threadMessages }
      return asJson(uri, (await readThrough(readThreadMessages, args, context, services)).data)
    },
    complete: async (variable, typed, context) =>
      variable === 'channel'
        ? await completeChannel(services, { tool: readThreadMessages, typed, context })
        : [],
  }
}

function createUserTemplate(services: ToolServices): RegisteredResourceTemplate {
  return {
    uriTemplate: 'slack://users/{user}',
    name: 'user',
    title: 'A person',
    description: 'Names, title, time zone and status; user is an id, a handle or an e-mail address.',
    mimeType,
    async read({ user = '' }, uri, context) {
      return asJson(uri, (await readThrough(getUser, { user }, context, services)).data)
    },
    complete: (_, typed, context) => completeUser(services, { tool: getUser, typed, context }),
  }
}

function asJson(uri: string, data: unknown): ResourceContents {
  return { uri, mimeType, text: JSON.stringify(data) }
}
