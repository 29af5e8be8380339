import type { Config } from '../config/option-table.ts'
import { type AppFeatures, createAppLink, createAppManifest } from '../slack/app-manifest.ts'
import { appFeaturesOf } from './app-features.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { requireConfig } from './command-config.ts'
import { exitCodes } from './exit-codes.ts'

/** Prints the manifest of the Slack app that this configuration needs, or with --url the page that creates it. Asks nobody. */
export async function runManifest(context: CliContext, flags: ParsedFlags): Promise<number> {
  const { config } = requireConfig(context, flags, { purpose: 'print' })
  const features = appFeaturesOf(config)
  const manifest = createAppManifest(features)
  const text = flags.own['url'] === true ? createAppLink(manifest) : JSON.stringify(manifest, undefined, 2)
  context.stdout.write(`${text}\n`)
  for (const note of manifestNotes(config, features)) context.stderr.write(`Note: ${note}\n`)
  return exitCodes.done
}

/** What the manifest leaves out and why, and what Slack will ask for. */
export function manifestNotes(config: Config, { eventsUrl, mcpUrl }: AppFeatures): readonly string[] {
  const { publicUrl, webhookEnabled, mcpEnabled, mcpAuth } = config
  const missing =
    publicUrl === undefined
      ? 'PUBLIC_URL does not say where Slack reaches the server'
      : 'PUBLIC_URL is plain http, and Slack takes https only'
  const notes: string[] = []
  if (webhookEnabled && eventsUrl === undefined) {
    notes.push(`Events are left out: ${missing}. Run this again with --public-url https://….`)
  }
  if (webhookEnabled && eventsUrl !== undefined) {
    notes.push(`Slack asks ${eventsUrl} whether it answers: have the server running by then.`)
  }
  if (mcpEnabled && mcpAuth.includes('slack') && mcpUrl === undefined) {
    notes.push(`Slack's own MCP client is left out: ${missing}.`)
  }
  if (mcpEnabled && mcpAuth.join() === 'token' && publicUrl !== undefined) {
    notes.push("Slack's own MCP client is not let in; MCP_AUTH=token,slack adds it here and on the server.")
  }
  return notes
}
