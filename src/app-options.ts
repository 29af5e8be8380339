import type { Clock } from './base/clock.ts'
import type { Ids } from './base/ids.ts'
import { Secret } from './base/secret.ts'
import { configWith } from './config/default-config.ts'
import { decodeOption } from './config/option-decode.ts'
import { optionOf } from './config/option-names.ts'
import { optionRules } from './config/option-rules.ts'
import type { Config, OptionKey } from './config/option-table.ts'
import type { Logger } from './observe/logger.ts'
import type { QueueBackend } from './queue/driver.ts'
import type { SlackFetch } from './slack/exchange.ts'

/** What `createIntegratedApp` takes. Everything may be left away; what is missing shows in health, or when it is needed. */
export interface IntegratedAppOptions {
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
  /** Any further option of the option table, decoded. */
  readonly config?: Partial<Config>

  /** Default: none, nothing is logged. `createLogger` makes one. */
  readonly logger?: Logger
  readonly clock?: Clock
  readonly ids?: Ids
  /** How HTTP requests to Slack are made. */
  readonly fetch?: SlackFetch
  /** The process id, for the lock of the state directory; the sqlite backend needs it. */
  readonly pid?: number
  /** Where events are kept, instead of a driver by name. */
  readonly queue?: QueueBackend
}

/** The defaults of the option table with what the caller gave. Throws TypeError for a value that no option takes. */
export function resolveConfig(options: IntegratedAppOptions): Config {
  const { token, signingSecret, mcpTransport, mcpMountPath, retry, config = {} } = options
  const given: Partial<Config> = {
    ...config,
    ...(token === undefined || token === null ? {} : { slackBotToken: asSecret(token) }),
    ...(signingSecret === undefined ? {} : { slackSigningSecret: [signingSecret].flat().map(asSecret) }),
    ...(mcpTransport === undefined ? {} : { mcpTransport: decode('mcpTransport', mcpTransport) }),
    ...(mcpMountPath === undefined ? {} : { mcpMountPath: decode('mcpMountPath', mcpMountPath || '/mcp') }),
    ...(retry === undefined ? {} : { slackRetry: decode('slackRetry', retry) }),
  }
  const resolved = configWith(given)
  refuseOpenDoor(resolved)
  return resolved
}

/** The one combination that an embedder must not get by a slip: MCP without credentials for more than this machine (D3). */
function refuseOpenDoor(config: Config): void {
  if (!config.mcpAuth.includes('none')) return
  const rules = optionRules.filter(({ concerns }) => concerns[0] === 'mcpAuth')
  const broken = rules.find((rule) => rule.when(config) && !rule.holds(config))
  if (broken !== undefined) throw new TypeError(`mcpAuth: ${broken.message}`)
}

function asSecret(value: string | Secret): Secret {
  return value instanceof Secret ? value : new Secret(value)
}

/** Decodes one option as a configuration file would give it, so that the library and the binary refuse the same values. */
function decode<Key extends OptionKey>(key: Key, json: unknown): Config[Key] {
  const result = decodeOption(optionOf(key), { kind: 'json', json })
  if (result.kind === 'refused') throw new TypeError(`${key}: ${result.message}`)
  return result.value as Config[Key]
}
