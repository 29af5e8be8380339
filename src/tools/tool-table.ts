import { readEmojis } from './emoji/read-emojis.ts'
import { postMessage } from './messages/post-message.ts'
import { readChannelMessages } from './messages/read-channel-messages.ts'
import { readThreadMessages } from './messages/read-thread-messages.ts'
import { threadReply } from './messages/thread-reply.ts'
import { addReactions } from './reactions/add-reactions.ts'
import type { SlackTool } from './slack-tool.ts'

/** Every tool, in the order in which clients list them. */
export const toolTable: readonly SlackTool[] = [
  postMessage,
  threadReply,
  readChannelMessages,
  readThreadMessages,
  addReactions,
  readEmojis,
]
