import { Secret } from '../base/secret.ts'

/**
 * Tokens that nobody has to make up (D3): where none is configured, one is derived from what the server has anyway. All replicas agree, and
 * whoever holds the credentials of the Slack app can compute it.
 */

/** What a token is for. The label is part of the promise: changing one invalidates every client's token. */
const labels = {
  mcp: 'slack-integrated-server/mcp-token/v1',
  admin: 'slack-integrated-server/admin-token/v1',
  forward: 'slack-integrated-server/forward/v1',
  state: 'slack-integrated-server/mcp-state/v1',
} as const
export type DerivedTokenPurpose = keyof typeof labels

/** The part of the configuration that keys come from. */
export interface DerivationKeys {
  readonly slackSigningSecret: readonly Secret[]
  readonly slackBotToken: Secret | undefined
}

/**
 * `base64url(HMAC-SHA256(key, label))`, 43 characters, for each signing secret in order, else for the bot token. Each is accepted, so that
 * clients keep working while a signing secret is replaced; the first is the one to hand out. Empty where there is no key.
 */
export function deriveTokens(keys: DerivationKeys, purpose: DerivedTokenPurpose): readonly Secret[] {
  const botToken = keys.slackBotToken === undefined ? [] : [keys.slackBotToken]
  const material = keys.slackSigningSecret.length > 0 ? keys.slackSigningSecret : botToken
  return material.map(
    (key) =>
      new Secret(new Bun.CryptoHasher('sha256', key.reveal()).update(labels[purpose]).digest('base64url')),
  )
}
