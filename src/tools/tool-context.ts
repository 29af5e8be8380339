import type { Clock } from '../base/clock.ts'
import type { Ids } from '../base/ids.ts'
import type { CallContext } from '../mcp/registry.ts'
import type { SlackApi } from '../slack/api.ts'
import type { Directory } from '../slack/directory.ts'
import type { SlackFiles } from '../slack/file-transfer.ts'
import type { ChannelPolicy } from './channel-policy.ts'
import type { EmojiCatalogue } from './emoji/emoji-catalogue.ts'
import type { IdempotencyStore } from './idempotency.ts'
import type { ToolSettings } from './tool-settings.ts'

/** What the tools share for the life of the process. */
export interface ToolServices {
  readonly slack: SlackApi
  readonly directory: Directory
  readonly policy: ChannelPolicy
  readonly emoji: EmojiCatalogue
  readonly idempotency: IdempotencyStore
  /** Undefined where file contents cannot be fetched. */
  readonly files: SlackFiles | undefined
  readonly clock: Clock
  readonly ids: Ids
  readonly settings: ToolSettings
}

/** What `run` of a tool gets. */
export interface SlackToolContext extends CallContext, ToolServices {
  /** Remembers which channel a write went to, for the audit log. */
  noteChannel(channelId: string): void
}
