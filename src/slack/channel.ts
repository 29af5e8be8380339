import { asNumber, asObject, asText } from './json-fields.ts'

export type ChannelKind = 'public_channel' | 'private_channel' | 'im' | 'mpim'

/** A conversation, as Slack answers it in conversations.list and .info. */
export interface SlackChannel {
  readonly id: string
  /** Without `#`; undefined for direct messages, which have none. */
  readonly name: string | undefined
  readonly kind: ChannelKind
  /** The other person of a direct message. */
  readonly userId: string | undefined
  readonly isMember: boolean | undefined
  readonly isArchived: boolean
  /** Shared with another organisation by Slack Connect. */
  readonly isExternal: boolean
  readonly topic: string | undefined
  readonly purpose: string | undefined
  readonly memberCount: number | undefined
  readonly createdAtSeconds: number | undefined
  readonly creatorId: string | undefined
}

/** A conversation from what Slack sent; undefined where it has no id. Never throws. */
export function parseChannel(value: unknown): SlackChannel | undefined {
  const raw = asObject(value)
  const id = asText(raw['id'])
  if (id === undefined) return undefined
  return {
    id,
    name: raw['is_im'] === true ? undefined : asText(raw['name']),
    kind: kindOf(id, raw),
    userId: raw['is_im'] === true ? asText(raw['user']) : undefined,
    isMember: typeof raw['is_member'] === 'boolean' ? raw['is_member'] : undefined,
    isArchived: raw['is_archived'] === true,
    isExternal: raw['is_ext_shared'] === true,
    topic: asText(asObject(raw['topic'])['value']),
    purpose: asText(asObject(raw['purpose'])['value']),
    memberCount: asNumber(raw['num_members']),
    createdAtSeconds: asNumber(raw['created']),
    creatorId: asText(raw['creator']),
  }
}

function kindOf(id: string, raw: Readonly<Record<string, unknown>>): ChannelKind {
  if (raw['is_im'] === true || id.startsWith('D')) return 'im'
  if (raw['is_mpim'] === true) return 'mpim'
  return raw['is_private'] === true || raw['is_group'] === true ? 'private_channel' : 'public_channel'
}

const listScopes: Readonly<Record<ChannelKind, string>> = {
  public_channel: 'channels:read',
  private_channel: 'groups:read',
  im: 'im:read',
  mpim: 'mpim:read',
}

/** Those of `wanted` that a token with `scopes` may list: one kind without its scope would make Slack refuse the whole listing. */
export function listableTypes(
  scopes: readonly string[] | undefined,
  wanted: readonly ChannelKind[],
): readonly ChannelKind[] {
  if (scopes === undefined) return wanted
  const listable = wanted.filter((kind) => scopes.includes(listScopes[kind]))
  return listable.length === 0 ? wanted : listable
}
