import type { OptionKey } from '../config/option-table.ts'

/** What decides which tools there are. */
export const offerOptions: readonly OptionKey[] = [
  'mcpToolsets',
  'mcpReadOnly',
  'mcpTools',
  'mcpExcludeTools',
]

/** What decides which tools there are and what they may touch. */
export const reachOptions: readonly OptionKey[] = [
  ...offerOptions,
  'mcpReadChannels',
  'mcpWriteChannels',
  'mcpDms',
  'mcpAllowBroadcasts',
  'mcpAllowUnfurling',
  'mcpImageHosts',
  'mcpHideAuthors',
  'mcpTimezone',
  'mcpLookupPagesMax',
]

/** What decides how a call of a tool goes: with which token, and what it may touch. */
export const callOptions: readonly OptionKey[] = [
  'slackBotToken',
  'slackUserToken',
  'slackApiUrl',
  'slackRetry',
  'slackDistributedAppLimits',
  ...reachOptions,
]

/** What a client that starts the server itself is told to start it with. */
export const startedOptions: readonly OptionKey[] = [
  ...reachOptions,
  'mcpConfirm',
  'slackDistributedAppLimits',
]
