/** Authors whose content models may be spared. `external`: of other workspaces, through Slack Connect. */
export type HideableAuthors = 'bots' | 'external'

/** What the operator decided about the tools. Every field comes from the option table; `toolSettingsDefaults` are its defaults. */
export interface ToolSettings {
  /** Names of toolsets, or `all`. */
  readonly toolsets: readonly string[]
  /** Single tools besides those of the toolsets. */
  readonly tools: readonly string[]
  readonly excludeTools: readonly string[]
  readonly isReadOnly: boolean
  /** Channels that may be read: ids or names, `!` to exclude; undefined means all. */
  readonly readChannels: readonly string[] | undefined
  /** Channels that may be written to, in the same form. */
  readonly writeChannels: readonly string[] | undefined
  readonly allowsDirectMessages: boolean
  /** Destructive tools ask the user first, and are refused where the client cannot ask. */
  readonly confirmsDestructive: boolean
  /** Whether messages may notify everybody (`@channel`, `@here`, `@everyone`) or user groups. */
  readonly allowsBroadcasts: boolean
  /** Whether Slack may fetch the links of a message to show a preview. */
  readonly allowsUnfurling: boolean
  /** Hosts from which blocks may show images. */
  readonly imageHosts: readonly string[]
  /** Whose messages and files no result shows; how many were left out is told. */
  readonly hiddenAuthors: readonly HideableAuthors[]
  /** IANA name of the time zone in which times are read and shown. */
  readonly timezone: string
  /** Pages of a listing that one look-up by name reads at most. */
  readonly lookupPagesMax: number
  /** The app is distributed outside the Marketplace: Slack gives it 15 messages a minute. */
  readonly isDistributedApp: boolean
  /** A user token is configured, so that search can be offered. */
  readonly hasUserToken: boolean
}

export const toolSettingsDefaults: ToolSettings = {
  toolsets: ['default'],
  tools: [],
  excludeTools: [],
  isReadOnly: false,
  readChannels: undefined,
  writeChannels: undefined,
  allowsDirectMessages: true,
  confirmsDestructive: false,
  allowsBroadcasts: false,
  allowsUnfurling: false,
  imageHosts: [],
  hiddenAuthors: [],
  timezone: 'UTC',
  lookupPagesMax: 10,
  isDistributedApp: false,
  hasUserToken: false,
}
