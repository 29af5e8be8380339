import type { Clock } from '../base/clock.ts'
import type { EventBus, SlackNotice } from '../base/event-bus.ts'
import type { Ids } from '../base/ids.ts'
import {
  forbiddingRule,
  type ListChange,
  type Offer,
  type Principal,
  type RegisteredTool,
} from '../mcp/registry.ts'
import type { SlackApi } from '../slack/api.ts'
import { Directory, directoryDefaults } from '../slack/directory.ts'
import type { SlackFiles } from '../slack/file-transfer.ts'
import { bindTools } from './bind-tools.ts'
import { ChannelPolicy } from './channel-policy.ts'
import { EmojiCatalogue } from './emoji/emoji-catalogue.ts'
import { readEmojis } from './emoji/read-emojis.ts'
import { createMemoryIdempotencyStore, type IdempotencyStore } from './idempotency.ts'
import { serverInstructions } from './instructions.ts'
import { createReadingPrompts } from './prompts/reading-prompts.ts'
import { createUsagePrompts } from './prompts/usage-prompts.ts'
import { createEmojisResource } from './resources/emojis-resource.ts'
import { createSlackResourceTemplates, readerOf } from './resources/slack-resources.ts'
import { hasScopes, selectTools } from './select-tools.ts'
import { serverIcon } from './server-icon.ts'
import type { SlackTool } from './slack-tool.ts'
import type { ToolServices } from './tool-context.ts'
import type { ToolSettings } from './tool-settings.ts'
import { toolTable } from './tool-table.ts'

export interface SlackOfferDeps {
  readonly slack: SlackApi
  readonly clock: Clock
  readonly ids: Ids
  readonly settings: ToolSettings
  /** Version of the product, for the server's identity. */
  readonly version: string
  /** Events that keep names and emoji fresh. */
  readonly notices?: EventBus<SlackNotice>
  /** Where idempotency keys are kept; in memory where absent. */
  readonly idempotency?: IdempotencyStore
  /** How file contents are fetched and sent; the files toolset needs it. */
  readonly files?: SlackFiles
}

export interface SlackOffer {
  readonly offer: Offer
  /** What the tools of now share. */
  readonly services: ToolServices
  /** Every tool that the operator switched on, whether or not the token has the scopes. */
  readonly selected: readonly SlackTool[]
  /** Whether the principal may call the tool that reads what is at an address. Says nothing of the channel. */
  mayRead(principal: Principal, uri: string): boolean
  /** Looks at the scopes again, which `auth.test` may have told meanwhile; tells the listeners where the tools changed. */
  refresh(): void
  /**
   * Makes everything ready for other settings and returns what puts them into effect, which cannot fail. Calls under way end by the settings that they
   * began with. Throws as createSlackOffer does.
   */
  prepare(settings: ToolSettings, options: { readonly isOtherToken: boolean }): () => void
  /** Stops listening to events. */
  stop(): void
}

/**
 * What MCP clients are offered of Slack. No call to Slack is made here: scopes are looked at when they are known, by `refresh`. Throws
 * CONFIG_INVALID for unknown names of tools and toolsets, RangeError for an unknown time zone.
 */
export function createSlackOffer(deps: SlackOfferDeps): SlackOffer {
  const { slack, notices, version } = deps
  const listeners = new Set<(changed: readonly ListChange[]) => void>()
  let made = makeLists(createServices(deps), slack)
  const offer: Offer = {
    identity: {
      name: 'slack-integrated-server',
      title: 'Slack',
      version,
      instructions: serverInstructions,
      icon: serverIcon,
    },
    get tools() {
      return made.tools
    },
    get resources() {
      return made.resources
    },
    get resourceTemplates() {
      return made.resourceTemplates
    },
    get prompts() {
      return made.prompts
    },
    onChanged(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const replace = (next: OfferedLists) => {
    const before = made
    made = next
    for (const listener of listeners) listener(changedLists(before, next))
  }
  const unsubscribe = notices?.subscribe((notice) => {
    made.services.directory.notice(notice, slack.identity()?.userId)
    made.services.emoji.notice(notice)
  })
  return {
    offer,
    get services() {
      return made.services
    },
    get selected() {
      return made.selected
    },
    mayRead({ policy }, uri) {
      const tool = readerOf(uri)
      return tool !== undefined && forbiddingRule(tool, policy, made.services.settings) === undefined
    },
    refresh() {
      const tools = permitted(made, slack)
      if (!isSameList(tools, made.tools)) replace({ ...made, tools })
    },
    prepare(settings, { isOtherToken }) {
      const next = makeLists(servicesWith(made.services, settings, isOtherToken), slack)
      return () => replace({ ...next, tools: permitted(next, slack) })
    },
    stop: () => unsubscribe?.(),
  }
}

/** Everything that follows from one set of settings. Never changed, only replaced as a whole. */
interface OfferedLists {
  readonly services: ToolServices
  readonly selected: readonly SlackTool[]
  /** Every one of `selected`, in the same order. */
  readonly bound: readonly RegisteredTool[]
  /** Those for which the token has the scopes. */
  readonly tools: readonly RegisteredTool[]
  readonly resources: Offer['resources']
  readonly resourceTemplates: Offer['resourceTemplates']
  readonly prompts: Offer['prompts']
}

function makeLists(services: ToolServices, slack: SlackApi): OfferedLists {
  const selected = selectTools(toolTable, services.settings)
  const bound = bindTools(selected, services)
  return {
    services,
    selected,
    bound,
    tools: permitted({ selected, bound }, slack),
    resources: selected.some((tool) => tool.name === readEmojis.name) ? [createEmojisResource(services)] : [],
    resourceTemplates: createSlackResourceTemplates(selected, services),
    prompts: [...createReadingPrompts(selected, services), ...createUsagePrompts(selected)],
  }
}

function changedLists(before: OfferedLists, now: OfferedLists): readonly ListChange[] {
  const resourcesOf = ({ resources, resourceTemplates }: OfferedLists) => [
    ...resources.map(({ uri }) => uri),
    ...resourceTemplates.map(({ uriTemplate }) => uriTemplate),
  ]
  // Read-only mode hides tools of the list without taking them out of it.
  const areToolsSame =
    isSameList(namesOf(before.tools), namesOf(now.tools)) &&
    before.services.settings.isReadOnly === now.services.settings.isReadOnly
  const changes: readonly (readonly [ListChange, boolean])[] = [
    ['tools_changed', areToolsSame],
    ['prompts_changed', isSameList(namesOf(before.prompts), namesOf(now.prompts))],
    ['resources_changed', isSameList(resourcesOf(before), resourcesOf(now))],
  ]
  return changes.filter(([, isSame]) => !isSame).map(([change]) => change)
}

function namesOf(items: readonly { readonly name: string }[]): readonly string[] {
  return items.map(({ name }) => name)
}

function isSameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index])
}

function createServices({ slack, clock, ids, settings, idempotency, files }: SlackOfferDeps): ToolServices {
  const known = namesOfWorkspace(slack, clock, settings)
  return {
    slack,
    clock,
    ids,
    settings,
    ...known,
    policy: new ChannelPolicy({ settings, directory: known.directory }),
    idempotency: idempotency ?? createMemoryIdempotencyStore(clock),
    files,
  }
}

/** The services for other settings. What was learnt of the workspace stays, unless another token may see another one. */
function servicesWith(services: ToolServices, settings: ToolSettings, isOtherToken: boolean): ToolServices {
  const { slack, clock } = services
  const isKept = !isOtherToken && settings.lookupPagesMax === services.settings.lookupPagesMax
  const known = isKept ? services : namesOfWorkspace(slack, clock, settings)
  const { directory, emoji } = known
  return { ...services, settings, directory, emoji, policy: new ChannelPolicy({ settings, directory }) }
}

function namesOfWorkspace(slack: SlackApi, clock: Clock, { lookupPagesMax: pagesMax }: ToolSettings) {
  return {
    directory: new Directory({ ...directoryDefaults, slack, clock, pagesMax }),
    emoji: new EmojiCatalogue({ slack, clock }),
  }
}

function permitted(
  { selected, bound }: Pick<OfferedLists, 'selected' | 'bound'>,
  slack: SlackApi,
): readonly RegisteredTool[] {
  return bound.filter((_, index) => {
    const tool = selected[index]
    return tool !== undefined && hasScopes(tool, slack)
  })
}
