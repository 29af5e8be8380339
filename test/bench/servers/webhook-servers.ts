import { join } from 'node:path'
import { installPeers, peerPath } from '../peers.ts'
import { readMetric, type Settings, signingSecret, startEmbedded, startProduct } from './product.ts'
import { originLine, ServerProcess } from './server-process.ts'

/** A server that takes Slack's events, and what it says about those that it took. */
export interface WebhookServer extends AsyncDisposable {
  readonly server: ServerProcess
  /** Events that it stored, or handled where it stores none, each once. */
  accepted(): Promise<number>
  /** Events that it took for repetitions; 0 for one that does not look. */
  repeated(): Promise<number>
  /** Resolves once its consumer has had them all; for one without, at once. */
  settled(): Promise<void>
}

const settleMaxMs = 60_000

/** In a program that embeds it, with a handler for every message. */
export async function startEmbeddedWebhook(settings?: Settings): Promise<WebhookServer> {
  return asProductWebhook(await startEmbedded(settings))
}

/** The binary. Nobody consumes from it, unless `consume` is started beside it. */
export async function startProductWebhook(settings?: Settings): Promise<WebhookServer> {
  return asProductWebhook(await startProduct(settings))
}

function asProductWebhook(server: ServerProcess): WebhookServer {
  const { origin } = server
  return {
    server,
    accepted: () => readMetric(origin, 'slackmcp_events_received_total', 'outcome="accepted"'),
    repeated: () => readMetric(origin, 'slackmcp_events_received_total', 'outcome="duplicate"'),
    async settled() {
      const startedAtMs = performance.now()
      while ((await readMetric(origin, 'slackmcp_queue_group_pending_events')) > 0) {
        if (performance.now() - startedAtMs > settleMaxMs) throw new Error('Events stayed unconsumed')
        // Rendering the metrics is work of the server too.
        await Bun.sleep(50)
      }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

export async function startBareWebhook(): Promise<WebhookServer> {
  return startCounting([process.execPath, join(import.meta.dir, 'bare-webhook.ts')])
}

export async function startBolt(): Promise<WebhookServer> {
  await installPeers()
  return startCounting(['node', peerPath('bolt-server.mjs')])
}

async function startCounting(command: readonly [string, ...string[]]): Promise<WebhookServer> {
  const env = { SIGNING_SECRET: signingSecret, NODE_ENV: 'production' }
  const server = await ServerProcess.start({ command, env, originIn: originLine })
  return {
    server,
    accepted: async () => Number(await (await fetch(`${server.origin}/count`)).text()),
    repeated: async () => 0,
    settled: async () => undefined,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
