import type { Secret } from '../base/secret.ts'
import { type DerivationKeys, deriveTokens } from './derived-token.ts'
import type { Config } from './option-table.ts'

/** A bearer token that MCP and REST accept, who bears it and what that bearer may do. */
export interface AcceptedToken {
  /** The principal: in logs, never a secret. */
  readonly name: string
  readonly token: Secret
  readonly policy: {
    readonly isReadOnly: boolean
    readonly toolsets: readonly string[] | undefined
    readonly channels: readonly string[] | undefined
  }
}

/** The name of whoever bears a token that nobody configured. */
export const derivedPrincipal = 'derived'

const unrestricted = { isReadOnly: false, toolsets: undefined, channels: undefined } as const

export type McpTokenConfig = Pick<Config, 'mcpAuthTokens' | 'mcpTokens'> & DerivationKeys

/**
 * The bearer tokens of MCP and REST: the configured ones with their policies, else the derived ones (D3). The first is the one to hand out.
 * Empty only where the configuration holds neither tokens nor a key.
 */
export function acceptedMcpTokens(config: McpTokenConfig): readonly AcceptedToken[] {
  const listed = config.mcpAuthTokens.map(({ name, token }) => ({
    name,
    token,
    policy: policyOf(config, name),
  }))
  const fromFiles = config.mcpTokens.flatMap(({ name, token }) =>
    token === undefined ? [] : [{ name, token, policy: policyOf(config, name) }],
  )
  const configured = [...listed, ...fromFiles]
  if (configured.length > 0) return configured
  return deriveTokens(config, 'mcp').map((token) => ({
    name: derivedPrincipal,
    token,
    policy: unrestricted,
  }))
}

/** The bearer tokens of the admin routes: the configured one, else the derived ones. The first is the one to hand out. */
export function acceptedAdminTokens(config: Pick<Config, 'adminToken'> & DerivationKeys): readonly Secret[] {
  return config.adminToken === undefined ? deriveTokens(config, 'admin') : [config.adminToken]
}

/**
 * What forwarded events are signed with: the configured secret, else the derived one. Undefined only where the configuration holds no key. A
 * receiver gets this and never the signing secret, with which it could pose as Slack.
 */
export function forwardSecretOf(config: Pick<Config, 'forwardSecret'> & DerivationKeys): Secret | undefined {
  return config.forwardSecret ?? deriveTokens(config, 'forward')[0]
}

function policyOf({ mcpTokens }: McpTokenConfig, name: string): AcceptedToken['policy'] {
  const policy = mcpTokens.find((candidate) => candidate.name === name)
  if (policy === undefined) return unrestricted
  const { isReadOnly, toolsets, channels } = policy
  return { isReadOnly, toolsets, channels }
}
