import { toolSettingsOf } from './app-mcp.ts'
import type { Parts } from './app-parts.ts'
import { createRules, hasRevokedOperators, revokedPrincipals } from './app-rules.ts'
import type { Secret } from './base/secret.ts'
import type { Config } from './config/option-table.ts'
import type { ConsumerStreams } from './events/consumer-streams.ts'
import type { SlackClient } from './slack/client.ts'

export interface ReloadDeps extends Parts {
  readonly streams: ConsumerStreams | undefined
}

/**
 * Puts another configuration into effect. Everything is made before anything is replaced, and replaced without waiting in between: what throws, throws
 * while all is as it was, and no request sees a mixture.
 */
export function reconfigure(next: Config, deps: ReloadDeps): void {
  const { rules, slack, mcp, streams, secretAdvisor, configRecord } = deps
  const { config: before } = rules.now()
  const isOtherToken = !isSameSecret(before.slackBotToken, next.slackBotToken)
  const made = createRules(next, deps, rules.now())
  const putToolsIntoEffect = mcp?.slackOffer.prepare(toolSettingsOf(next), { isOtherToken })

  rules.replace(made)
  replaceTokens(before, next, slack)
  putToolsIntoEffect?.()
  mcp?.plugin.revoke(revokedPrincipals(before, next))
  if (hasRevokedOperators(before, next)) streams?.expel()
  secretAdvisor.forget()
  configRecord.applied()
}

/** Only what changed: what is known of a token that stays, stays. */
function replaceTokens(before: Config, next: Config, slack: SlackClient): void {
  if (!isSameSecret(before.slackBotToken, next.slackBotToken)) slack.replaceToken(next.slackBotToken, 'bot')
  if (!isSameSecret(before.slackUserToken, next.slackUserToken))
    slack.replaceToken(next.slackUserToken, 'user')
}

function isSameSecret(one: Secret | undefined, other: Secret | undefined): boolean {
  return one?.reveal() === other?.reveal()
}
