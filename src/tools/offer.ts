import type { Clock } from '../base/clock.ts'
import type { EventBus, SlackNotice } from '../base/event-bus.ts'
import type { Ids } from '../base/ids.ts'
import { forbiddingRule, type Offer, type Principal, type RegisteredTool } from '../mcp/registry.ts'
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
  readonly services: ToolServices
  /** Every tool that the operator switched on, whether or not the token has the scopes. */
  readonly selected: readonly SlackTool[]
  /** Whether the principal may call the tool that reads what is at an address. Says nothing of the channel. */
  mayRead(principal: Principal, uri: string): boolean
  /** Looks at the scopes again, which `auth.test` may have told meanwhile; tells the listeners where the tools changed. */
  refresh(): void
  /** Stops listening to events. */
  stop(): void
}

/**
 * What MCP clients are offered of Slack. No call to Slack is made here: scopes are looked at when they are known, by `refresh`. Throws
 * CONFIG_INVALID for unknown names of tools and toolsets, RangeError for an unknown time zone.
 */
export function createSlackOffer(deps: SlackOfferDeps): SlackOffer {
  const { slack, settings, notices, version } = deps
  const services = createServices(deps)
  const selected = selectTools(toolTable, settings)
  const bound = bindTools(selected, services)
  const listeners = new Set<() => void>()
  let tools = permitted(selected, bound, slack)
  const offer: Offer = {
    identity: { name: 'slack-integrated-server', title: 'Slack', version, instructions: serverInstructions },
    get tools() {
      return tools
    },
    resources: selected.some((tool) => tool.name === readEmojis.name) ? [createEmojisResource(services)] : [],
    resourceTemplates: createSlackResourceTemplates(selected, services),
    prompts: [...createReadingPrompts(selected, services), ...createUsagePrompts(selected)],
    onToolsChanged(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const unsubscribe = notices?.subscribe((notice) => {
    services.directory.notice(notice, slack.identity()?.userId)
    services.emoji.notice(notice)
  })
  return {
    offer,
    services,
    selected,
    mayRead({ policy }, uri) {
      const tool = readerOf(uri)
      return tool !== undefined && forbiddingRule(tool, policy, settings) === undefined
    },
    refresh() {
      const now = permitted(selected, bound, slack)
      const isSame = now.length === tools.length && now.every((tool, index) => tool === tools[index])
      if (isSame) return
      tools = now
      for (const listener of listeners) listener()
    },
    stop: () => unsubscribe?.(),
  }
}

function createServices({ slack, clock, ids, settings, idempotency, files }: SlackOfferDeps): ToolServices {
  const directory = new Directory({
    ...directoryDefaults,
    slack,
    clock,
    pagesMax: settings.lookupPagesMax,
  })
  return {
    slack,
    clock,
    ids,
    settings,
    directory,
    policy: new ChannelPolicy({ settings, directory }),
    emoji: new EmojiCatalogue({ slack, clock }),
    idempotency: idempotency ?? createMemoryIdempotencyStore(clock),
    files,
  }
}

function permitted(
  selected: readonly SlackTool[],
  bound: readonly RegisteredTool[],
  slack: SlackApi,
): readonly RegisteredTool[] {
  return bound.filter((_, index) => {
    const tool = selected[index]
    return tool !== undefined && hasScopes(tool, slack)
  })
}
