import { AppError } from '../base/errors.ts'
import type { Principal, SlackUser } from '../mcp/registry.ts'
import type { SlackChannel } from '../slack/channel.ts'
import type { Directory } from '../slack/directory.ts'
import { conversationIdPattern } from '../slack/reference.ts'
import type { ToolSettings } from './tool-settings.ts'

export type ChannelAction = 'read' | 'write'

/** Why an action is not allowed, as the audit log and the refusal name it. */
export type PolicyRule = 'no_dms' | 'slack_user' | 'read_channels' | 'write_channels' | 'principal_channels'

/** One list of channels: ids or names, with `!` to exclude. Excluded wins; where nothing is included, all others are. */
interface ChannelRules {
  readonly rule: PolicyRule
  readonly included: ReadonlySet<string>
  readonly excluded: ReadonlySet<string>
  readonly needsName: boolean
  readonly excludesByName: boolean
}

interface PolicyDeps {
  readonly settings: Pick<ToolSettings, 'readChannels' | 'writeChannels' | 'allowsDirectMessages'>
  readonly directory: Directory
}

/**
 * The one place that decides which conversations may be read and written. Tools, resources, completions, prompts, search hits, permalinks and
 * notices of subscriptions all ask here. Names are compared with what the channel is called now, so that a rename takes effect with its event.
 */
export class ChannelPolicy {
  readonly #deps: PolicyDeps
  readonly #read: ChannelRules | undefined
  readonly #write: ChannelRules | undefined
  readonly #principals = new WeakMap<readonly string[], ChannelRules>()

  constructor(deps: PolicyDeps) {
    this.#deps = deps
    this.#read = parseRules('read_channels', deps.settings.readChannels)
    this.#write = parseRules('write_channels', deps.settings.writeChannels)
  }

  /** Resolves where the action is allowed; rejects with TOOL_FORBIDDEN, whose details name the rule. */
  async require(
    principal: Principal,
    action: ChannelAction,
    channelId: string,
    signal: AbortSignal,
  ): Promise<void> {
    const rule = await this.violated(principal, action, channelId, signal)
    if (rule !== undefined) throw forbidden(rule, channelId)
  }

  /** The rule that the action would break; undefined where it is allowed. Asks Slack for the channel only where a rule needs more than its id. */
  async violated(
    principal: Principal,
    action: ChannelAction,
    channelId: string,
    signal: AbortSignal,
  ): Promise<PolicyRule | undefined> {
    const { slackUser } = principal
    if (slackUser !== undefined && !(await this.#isPartOf(slackUser, channelId, signal))) return 'slack_user'
    const lists = this.#lists(principal, action)
    const allowsDms = this.#deps.settings.allowsDirectMessages
    if (!allowsDms && channelId.startsWith('D')) return 'no_dms'
    if (allowsDms && !lists.some((list) => list.needsName)) {
      return lists.find((list) => !allows(list, channelId, undefined))?.rule
    }
    const channel = await this.#deps.directory.channels.byId(channelId, signal)
    return this.#violatedBy(lists, channelId, channel)
  }

  /**
   * Those of the channels for which the action is allowed, where their facts are at hand. Asks Slack only on behalf of its own client's user, once
   * for all channels: who that is, and what they are in.
   */
  async allowed(
    principal: Principal,
    action: ChannelAction,
    channels: readonly SlackChannel[],
    signal: AbortSignal,
  ): Promise<readonly SlackChannel[]> {
    const lists = this.#lists(principal, action)
    const listed = channels.filter((channel) => this.#violatedBy(lists, channel.id, channel) === undefined)
    const { slackUser } = principal
    if (slackUser === undefined) return listed
    const { memberships } = this.#deps.directory
    const hasPublic = listed.some(({ kind }) => kind === 'public_channel')
    const seesPublic = hasPublic && (await memberships.seesPublicChannels(slackUser.userId, signal))
    const isOpen = (channel: SlackChannel) => isOpenTo(slackUser, channel, seesPublic)
    if (listed.every((channel) => isOpen(channel) !== undefined)) return listed.filter(isOpen)
    const joined = await memberships.of(slackUser.userId, signal)
    return listed.filter((channel) => isOpen(channel) ?? joined.has(channel.id))
  }

  /** Whether nothing at all is closed to the principal: what belongs to no conversation is shown only then. */
  isUnrestricted(principal: Principal, action: ChannelAction): boolean {
    if (principal.slackUser !== undefined) return false
    return this.#deps.settings.allowsDirectMessages && this.#lists(principal, action).length === 0
  }

  /** Refuses a direct message before it is opened, where no direct message can be allowed. */
  requireDirectMessages(principal: Principal, action: ChannelAction): void {
    if (!this.#deps.settings.allowsDirectMessages) throw forbidden('no_dms', undefined)
    const closed = this.#lists(principal, action).find(
      ({ included }) => included.size > 0 && ![...included].some((key) => directKeyPattern.test(key)),
    )
    if (closed !== undefined) throw forbidden(closed.rule, undefined)
  }

  /** Refuses a direct message before it is opened, where the one on whose behalf Slack's own client calls would be no part of it. */
  requirePartOf({ slackUser }: Principal, userIds: readonly string[]): void {
    if (slackUser !== undefined && !userIds.includes(slackUser.userId))
      throw forbidden('slack_user', undefined)
  }

  /** What cannot be looked up is open to nobody. */
  async #isPartOf(user: SlackUser, channelId: string, signal: AbortSignal): Promise<boolean> {
    const { channels, memberships } = this.#deps.directory
    const channel = await channels.byId(channelId, signal)
    if (channel === undefined) return false
    const seesPublic =
      channel.kind === 'public_channel' && (await memberships.seesPublicChannels(user.userId, signal))
    return isOpenTo(user, channel, seesPublic) ?? (await memberships.has(user.userId, channelId, signal))
  }

  #violatedBy(
    lists: readonly ChannelRules[],
    channelId: string,
    channel: SlackChannel | undefined,
  ): PolicyRule | undefined {
    const isDirect = channelId.startsWith('D') || channel?.kind === 'im' || channel?.kind === 'mpim'
    // What cannot be looked up may be a group message under a channel's id: without direct messages it is refused.
    const isForbiddenDirect = isDirect || channel === undefined
    if (!this.#deps.settings.allowsDirectMessages && isForbiddenDirect) return 'no_dms'
    return lists.find((list) => !allows(list, channelId, channel))?.rule
  }

  #lists(principal: Principal, action: ChannelAction): readonly ChannelRules[] {
    const lists = [action === 'read' ? this.#read : this.#write, this.#ofPrincipal(principal)]
    return lists.filter((list) => list !== undefined)
  }

  #ofPrincipal(principal: Principal): ChannelRules | undefined {
    const { channels } = principal.policy
    if (channels === undefined) return undefined
    const known = this.#principals.get(channels)
    if (known !== undefined) return known
    const rules = parseRules('principal_channels', channels)
    if (rules !== undefined) this.#principals.set(channels, rules)
    return rules
  }
}

function parseRules(rule: PolicyRule, entries: readonly string[] | undefined): ChannelRules | undefined {
  if (entries === undefined) return undefined
  const included = new Set<string>()
  const excluded = new Set<string>()
  for (const entry of entries) {
    const isExcluded = entry.startsWith('!')
    const key = asKey(isExcluded ? entry.slice(1) : entry)
    if (key !== '') (isExcluded ? excluded : included).add(key)
  }
  const isName = (key: string) => !conversationIdPattern.test(key)
  const excludesByName = [...excluded].some(isName)
  return { rule, included, excluded, excludesByName, needsName: excludesByName || [...included].some(isName) }
}

/**
 * Slack's own client acts for a person, but reads with the bot's token, which may see more than the person: beyond public channels, where the
 * person is no guest, only what the person is a member of. Undefined where the members have to be asked for.
 */
function isOpenTo(
  { userId }: SlackUser,
  channel: SlackChannel,
  seesPublicChannels: boolean,
): boolean | undefined {
  if (channel.kind === 'public_channel' && seesPublicChannels) return true
  return channel.kind === 'im' ? channel.userId === userId : undefined
}

/** Ids of direct messages, and the names that Slack gives to group messages. */
const directKeyPattern = /^[DG][A-Z0-9]{2,30}$|^mpdm-/

function asKey(entry: string): string {
  const text = entry.trim()
  return conversationIdPattern.test(text) ? text : nameKey(text.replace(/^#/, ''))
}

/** One key for every spelling: an accent may be a character of its own, and a list must not miss a channel for that. */
function nameKey(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

function allows(rules: ChannelRules, id: string, channel: SlackChannel | undefined): boolean {
  const name = channel?.name === undefined ? undefined : nameKey(channel.name)
  if (rules.excluded.has(id) || (name !== undefined && rules.excluded.has(name))) return false
  // A channel whose name is not known could be one of those that are excluded by name.
  if (rules.excludesByName && channel === undefined) return false
  // An empty list allows nothing: it was given, and names no channel.
  if (rules.included.size === 0) return rules.excluded.size > 0
  return rules.included.has(id) || (name !== undefined && rules.included.has(name))
}

function forbidden(rule: PolicyRule, channelId: string | undefined): AppError {
  return new AppError('TOOL_FORBIDDEN', {
    details: { rule, ...(channelId === undefined ? {} : { channel: channelId }), hint: ruleHints[rule] },
  })
}

const ruleHints: Readonly<Record<PolicyRule, string>> = {
  slack_user: 'You are not a member of this conversation in Slack.',
  no_dms: 'Direct messages are switched off on this server.',
  read_channels: 'The operator does not let this channel be read.',
  write_channels: 'The operator does not let this channel be written to.',
  principal_channels: 'The token that you use does not reach this channel.',
}
