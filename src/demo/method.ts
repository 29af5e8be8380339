import type { CallParams } from './call-params.ts'
import type { Conversation, ConversationKind, Message } from './conversation.ts'
import { Refusal } from './refusal.ts'
import type { Rendered } from './render-people.ts'
import type { WorkspaceState } from './workspace-state.ts'

export type TokenKind = 'bot' | 'user'

/** A token of the workspace and what it allows. */
export interface TokenGrant {
  readonly token: string
  readonly kind: TokenKind
  readonly userId: string
  readonly scopes: readonly string[]
}

/** One call of a known method by a known token with one of the method's scopes. */
export interface Call {
  readonly state: WorkspaceState
  readonly params: CallParams
  readonly grant: TokenGrant
  /** Where the caller reaches the workspace, without a trailing slash: files are fetched and sent there. */
  readonly origin: string
}

/** A Web API method as data. */
export interface Method {
  /** Any one of these lets the token in; methods on conversations ask for the one of the conversation's kind after that. Empty: none needed. */
  readonly scopes: readonly string[]
  /** Present where other tokens are refused. */
  readonly tokenKind?: TokenKind
  /** Whether it answers without a token. */
  readonly isPublic?: true
  /** The answer without `ok: true`. Throws Refusal. */
  run(call: Call): Rendered
}

export type MethodTable = Readonly<Record<string, Method>>

export const readScopes = ['channels:read', 'groups:read', 'im:read', 'mpim:read'] as const
export const historyScopes = ['channels:history', 'groups:history', 'im:history', 'mpim:history'] as const

const scopeFamilies = { public: 'channels', private: 'groups', im: 'im', mpim: 'mpim' } as const

/** Throws missing_scope, with what is needed and what there is, as Slack does. */
export function requireScope(grant: TokenGrant, needed: readonly string[]): void {
  if (needed.length === 0 || needed.some((scope) => grant.scopes.includes(scope))) return
  throw new Refusal('missing_scope', {
    fields: { needed: needed.join(','), provided: grant.scopes.join(',') },
  })
}

/**
 * The conversation that an argument names. A private one is `channel_not_found` to whoever is not in it, so that a token cannot even learn that
 * it exists.
 */
export function conversationOf(call: Call, argument = 'channel'): Conversation {
  const conversation = call.state.conversations.byId(call.params.required(argument))
  if (conversation === undefined || !isVisible(conversation, call.grant)) {
    throw new Refusal('channel_not_found')
  }
  return conversation
}

const kindsByType: Readonly<Record<string, ConversationKind>> = {
  public_channel: 'public',
  private_channel: 'private',
  im: 'im',
  mpim: 'mpim',
}

/** The kinds that Slack's names of types mean; public channels where none is named. Throws invalid_types. */
export function conversationKindsOf(types: readonly string[]): readonly ConversationKind[] {
  if (types.length === 0) return ['public']
  return types.map((type) => {
    const kind = Object.hasOwn(kindsByType, type) ? kindsByType[type] : undefined
    if (kind === undefined) throw new Refusal('invalid_types')
    return kind
  })
}

export function isVisible(conversation: Conversation, grant: TokenGrant): boolean {
  return conversation.kind === 'public' || conversation.members.has(grant.userId)
}

/** `channels:history` for a public channel, `groups:history` for a private one, and so on. */
export function requireConversationScope(
  { kind }: Pick<Conversation, 'kind'>,
  grant: TokenGrant,
  verb: 'read' | 'history',
): void {
  requireScope(grant, [`${scopeFamilies[kind]}:${verb}`])
}

/** Bots must be in a channel to read or mark it; people read every public one. */
export function requireMembership(conversation: Conversation, grant: TokenGrant): void {
  if (grant.kind === 'bot' && !conversation.members.has(grant.userId)) throw new Refusal('not_in_channel')
}

/** The message that `channel` and `timestamp` name, in a conversation that the token may act in. */
export function itemOf(call: Call): { readonly conversation: Conversation; readonly message: Message } {
  if (call.params.text('channel') === undefined || call.params.text('timestamp') === undefined) {
    throw new Refusal('no_item_specified')
  }
  const conversation = conversationOf(call)
  requireMembership(conversation, call.grant)
  const message = conversation.timeline.find(call.params.required('timestamp'))
  if (message === undefined) throw new Refusal('message_not_found')
  return { conversation, message }
}
