import { parseConversationReference, parseUserReference, type UserReference } from '../slack/reference.ts'
import type { SlackUser } from '../slack/user.ts'
import { argumentError } from './argument-error.ts'
import type { ChannelAction } from './channel-policy.ts'
import type { SlackToolContext } from './tool-context.ts'

type ResolvingContext = Pick<
  SlackToolContext,
  'directory' | 'policy' | 'principal' | 'signal' | 'progress' | 'noteChannel'
>

/** A conversation that may be used, and the message that its reference pointed at. */
export interface OpenConversation {
  readonly id: string
  readonly ts: string | undefined
  readonly threadTs: string | undefined
}

/**
 * The conversation behind whatever somebody wrote, after the policy agreed. A user stands for the direct message with them. Rejects with
 * TOOL_ARGUMENTS_INVALID, SLACK_NAME_NOT_FOUND, SLACK_NAME_AMBIGUOUS or TOOL_FORBIDDEN.
 */
export async function openConversation(
  context: ResolvingContext,
  given: string,
  action: ChannelAction,
  field = 'channel',
): Promise<OpenConversation> {
  const reference = parseConversationReference(given)
  if (reference === undefined) {
    throw argumentError({
      field,
      given,
      accepted: 'a channel id, #name, @user, e-mail address or permalink',
      example: '#general',
    })
  }
  const { directory, policy, principal, signal } = context
  let id: string
  if (reference.kind === 'id') id = reference.id
  else if (reference.kind === 'name') {
    const { name } = reference
    id = (
      await directory.channels.find(name, (all) => policy.allowed(principal, 'read', all, signal), context)
    ).id
  } else {
    policy.requireDirectMessages(principal, action)
    const userId = await userIdBehind(context, reference.user)
    policy.requirePartOf(principal, [userId])
    id = await directory.channels.directMessage(userId, signal)
  }
  await policy.require(principal, action, id, signal)
  context.noteChannel(id)
  return {
    id,
    ts: reference.kind === 'id' ? reference.ts : undefined,
    threadTs: reference.kind === 'id' ? reference.threadTs : undefined,
  }
}

/** The message that a permalink in place of a channel points at: known without asking Slack. */
export function messageBehind(given: string): Pick<OpenConversation, 'ts' | 'threadTs'> {
  const reference = parseConversationReference(given)
  if (reference?.kind !== 'id') return { ts: undefined, threadTs: undefined }
  return { ts: reference.ts, threadTs: reference.threadTs }
}

/** The ts that was given, or that of the permalink which stands for the channel. */
export function requireTs(
  field: string,
  given: string | undefined,
  conversation: Pick<OpenConversation, 'ts'>,
): string {
  const ts = given ?? conversation.ts
  if (ts !== undefined) return ts
  throw argumentError({
    field,
    given: 'nothing',
    accepted: 'the ts of the message, or its permalink as channel',
    example: '1712345678.000100',
  })
}

/** The head of a thread: what was given, or what the permalink that stands for the channel leads to. */
export function requireThreadTs(
  given: string | undefined,
  { threadTs, ts }: Pick<OpenConversation, 'ts' | 'threadTs'>,
): string {
  return requireTs('thread_ts', given ?? threadTs, { ts })
}

type FindingContext = Pick<SlackToolContext, 'directory' | 'signal' | 'progress'>

/** The person behind whatever somebody wrote. */
export async function findUser(context: FindingContext, given: string, field = 'user'): Promise<SlackUser> {
  return await context.directory.users.find(requireUserReference(given, field), context)
}

/** The id of the person. What is an id already costs no call: Slack refuses one that is nobody's. */
export async function findUserId(context: FindingContext, given: string, field = 'user'): Promise<string> {
  return await userIdBehind(context, requireUserReference(given, field))
}

async function userIdBehind(context: FindingContext, reference: UserReference): Promise<string> {
  return reference.kind === 'id' ? reference.id : (await context.directory.users.find(reference, context)).id
}

function requireUserReference(given: string, field: string): UserReference {
  const reference = parseUserReference(given)
  if (reference !== undefined) return reference
  throw argumentError({ field, given, accepted: 'a user id, @name or e-mail address', example: '@ada' })
}
