import type { Clock } from './base/clock.ts'
import type { Ids } from './base/ids.ts'
import type { Secret } from './base/secret.ts'
import { nearest } from './base/text.ts'
import { isSet } from './config/config-sources.ts'
import { configWith } from './config/default-config.ts'
import { decodeOption, type RawValue } from './config/option-decode.ts'
import { findOption, namedOptions } from './config/option-names.ts'
import { brokenRules, type OptionRule } from './config/option-rules.ts'
import type { Config, OptionKey } from './config/option-table.ts'
import type { Logger } from './observe/logger.ts'
import type { Tracer } from './observe/tracer.ts'
import type { QueueBackend } from './queue/driver.ts'
import type { ProcessMemory } from './resilience/memory-guard.ts'
import type { SlackFetch } from './slack/exchange.ts'

/** What stands outside of the server, and may be a double. */
export interface AppSurroundings {
  /** Default: none, nothing is logged. `createLogger` makes one. */
  readonly logger?: Logger
  /** What requests, calls and events are traced with, instead of the exporter that `tracesEndpoint` asks for. Default: neither, nothing is traced. */
  readonly tracer?: Tracer
  readonly clock?: Clock
  readonly ids?: Ids
  /** How HTTP requests to Slack are made. With one of your own, credentials may be missing: Slack may be a double. */
  readonly fetch?: SlackFetch
  /** The process id, for the lock of the state directory; the sqlite backend needs it. */
  readonly pid?: number
  /** With it MCP requests are refused while 80 % of the limit is used, so that Slack's events find room. Default: no limit is known. */
  readonly memory?: ProcessMemory | undefined
  /** Where events are kept, instead of a driver by name. */
  readonly queue?: QueueBackend
}

/** Options by their keys: text as a variable or flag would hold it, or the value that the program uses. */
export type GivenConfig = {
  readonly [Key in OptionKey]?: Config[Key] | Written<Config[Key]> | undefined
}

type Written<Value> = Value extends readonly unknown[] ? string | readonly string[] : string

/**
 * What `createIntegratedApp` takes. Everything may be left away; without credentials nobody gets in, and `start` rejects. A value that the binary
 * would refuse, by itself or beside another, throws TypeError with the key of the option.
 */
export interface IntegratedAppOptions extends AppSurroundings {
  /** Bot User OAuth Token. Without it (or with null) the one of `config` counts. */
  readonly token?: string | Secret | null | undefined
  /** Secret that Slack signs with; several while one is replaced. */
  readonly signingSecret?: string | readonly string[] | undefined
  /** `sse` (default) or `streamable-http`; anything else throws. */
  readonly mcpTransport?: string | null | undefined
  /** Where MCP is mounted; null and the empty string mean `/mcp`. */
  readonly mcpMountPath?: string | null | undefined
  /** How often a failed Slack call is tried again; 0 is never. Default 3. */
  readonly retry?: number | undefined
  /** Any further option of the option table. */
  readonly config?: GivenConfig
}

/** The defaults of the option table with what the caller gave. Throws TypeError for what `serve` would refuse, but for missing credentials. */
export function resolveConfig(options: IntegratedAppOptions): Config {
  const { token, signingSecret, mcpTransport, mcpMountPath, retry, config = {} } = options
  const given: Readonly<Record<string, unknown>> = {
    ...config,
    ...(isGiven(token) && { slackBotToken: token }),
    ...(isGiven(signingSecret) && { slackSigningSecret: signingSecret }),
    ...(isGiven(mcpMountPath) && { mcpMountPath }),
    ...(isGiven(retry) && { slackRetry: retry }),
  }
  const decoded = Object.entries(given).flatMap(([key, value]) => decodeGiven(key, value))
  // Here the empty text is a choice that there is not, and so is null (S7).
  if (mcpTransport !== undefined) decoded.push(decode('mcpTransport', { kind: 'json', json: mcpTransport }))
  // Each value was decoded by its own row.
  const resolved = configWith(Object.fromEntries(decoded) as Partial<Config>)
  refuse(brokenRules(resolved, 'serve').filter((rule) => rule.isAboutCredentials !== true))
  return resolved
}

/** Throws TypeError where a server that runs against Slack lacks what one of them must know of the other. */
export function requireCredentials(config: Config, { fetch }: AppSurroundings): void {
  if (fetch !== undefined) return
  refuse(brokenRules(config, 'serve').filter((rule) => rule.isAboutCredentials === true))
}

function refuse([broken]: readonly OptionRule[]): void {
  if (broken !== undefined) throw new TypeError(`${broken.concerns[0]}: ${broken.message}`)
}

function isGiven<Value>(value: Value | null | undefined): value is Value {
  return value !== undefined && value !== null
}

type Decoded = readonly [key: string, value: unknown]

/** Nothing where the value says nothing, as in every other source. */
function decodeGiven(key: string, value: unknown): readonly Decoded[] {
  if (value === undefined || (typeof value === 'string' && !isSet(value))) {
    requireOption(key)
    return []
  }
  if (typeof value === 'string') return [decode(key, { kind: 'text', text: value })]
  if (isWritten(value)) return [decode(key, { kind: 'json', json: value })]
  requireOption(key)
  return [[key, value]]
}

/** Whether a value is as a configuration file would hold it. A secret, and whatever holds one, has been decoded. */
function isWritten(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string')
  return typeof value !== 'object' || value === null
}

/** Decodes one option as the sources of the binary do, so that the library and the binary refuse the same values. */
function decode(key: string, raw: RawValue): Decoded {
  const result = decodeOption(requireOption(key), raw)
  if (result.kind === 'refused') throw new TypeError(`${key}: ${result.message}`)
  return [key, result.value]
}

function requireOption(key: string) {
  const option = findOption(key)
  if (option !== undefined) return option
  const near = nearest(
    key,
    namedOptions.map((candidate) => candidate.key),
  )
  throw new TypeError(`There is no option "${key}"${near === undefined ? '' : `; did you mean ${near}?`}`)
}
