import type { Config } from '../config/option-table.ts'
import type { AppFeatures } from '../slack/app-manifest.ts'
import { intakes } from '../webhook/intake.ts'
import { offeredTools } from './offered-tools.ts'

/**
 * What the Slack app of this configuration must allow. Tools that use a person's token count whether or not there is one yet: the app comes first.
 * What Slack reaches from outside is there only where PUBLIC_URL is https, since Slack takes nothing else.
 */
export function appFeaturesOf(config: Config): AppFeatures {
  const tools = config.mcpEnabled ? offeredTools(config, { hasUserToken: true }) : []
  const publicUrl = config.publicUrl?.startsWith('https:') === true ? config.publicUrl : undefined
  const letsSlackIn = config.mcpEnabled && config.mcpAuth.includes('slack')
  const urlOf = (path: string) => (publicUrl === undefined ? undefined : `${publicUrl}${path}`)
  return {
    botScopes: tools.filter(({ token }) => token !== 'user').flatMap(({ scopes }) => scopes),
    userScopes: tools.filter(({ token }) => token === 'user').flatMap(({ scopes }) => scopes),
    receivesEvents: config.webhookEnabled,
    eventsUrl: urlOf(intakes.events.path),
    mcpUrl: letsSlackIn ? urlOf(config.mcpMountPath) : undefined,
  }
}
