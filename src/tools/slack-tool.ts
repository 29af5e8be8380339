import type { TObject, TSchema } from '@sinclair/typebox'
import type { ToolDefinition } from '../mcp/registry.ts'
import type { SlackToolContext } from './tool-context.ts'

export type ToolsetName = keyof typeof toolsetTable

/** The groups in which tools are switched on. */
export const toolsetTable = {
  messages: { isDefault: true, says: 'Post, edit, delete and read messages and threads.' },
  reactions: { isDefault: true, says: 'Add and remove emoji reactions.' },
  channels: { isDefault: true, says: 'Find channels and see what they are for.' },
  users: { isDefault: true, says: 'Find people.' },
  emoji: { isDefault: true, says: 'Look up the custom emoji.' },
  scheduling: { isDefault: false, says: 'Send messages later; list and cancel them.' },
  channel_admin: {
    isDefault: false,
    says: 'Join, create, open, invite, set topics, mark as read; user groups.',
  },
  files: { isDefault: false, says: 'List, read and upload files.' },
  search: { isDefault: false, says: 'Search messages; needs a user token.' },
  bookmarks_pins: { isDefault: false, says: 'Bookmarks and pins of channels.' },
} as const satisfies Record<string, { readonly isDefault: boolean; readonly says: string }>

/** What a call costs in Slack calls, which are the scarce thing: methods in the order of use, and how many calls. */
export interface ToolCost {
  readonly methods: readonly string[]
  /** With warm caches. */
  readonly warm: string
  /** With cold caches, names to look up included. */
  readonly cold: string
}

/** A tool of this product: what the registry wants, and what it costs. */
export interface SlackTool<Input extends TObject = TObject, Output extends TSchema = TSchema>
  extends ToolDefinition<Input, Output, SlackToolContext> {
  readonly toolset: ToolsetName
  readonly cost: ToolCost
  /** One of `scopes` is enough: each opens another kind of conversation. */
  readonly needsAnyScope?: boolean
  /** Whose token the tool uses; `user` tools are offered only where one is configured. Default `bot`. */
  readonly token?: 'bot' | 'user'
}

/** Declares a tool whose `run` sees its arguments and the context typed. */
export function defineSlackTool<Input extends TObject, Output extends TSchema>(
  tool: SlackTool<Input, Output>,
): SlackTool<Input, Output> {
  return tool
}
