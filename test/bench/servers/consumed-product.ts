import { builtBinary, productEnvironment } from './product.ts'
import { startProductWebhook, type WebhookServer } from './webhook-servers.ts'

const group = 'bench'
const joinMaxMs = 10_000

/** The binary with `consume` beside it: a second process, which gets the events over HTTP, many at once. */
export async function startConsumed(): Promise<WebhookServer> {
  // Room for what a consumer on a shared core is behind during a measurement.
  const env = { QUEUE_MEMORY_EVENTS_MAX: '1000000' }
  const target = await startProductWebhook(env)
  const { origin } = target.server
  const consumer = Bun.spawn(
    [await builtBinary(), 'consume', '--group', group, '--concurrency', '256', '--url', origin],
    {
      env: { PATH: Bun.env['PATH'], HOME: target.server.directory, ...productEnvironment(env) },
      stdout: 'ignore',
      stderr: 'inherit',
    },
  )
  await joined(origin)
  return {
    ...target,
    async [Symbol.asyncDispose]() {
      consumer.kill('SIGKILL')
      await consumer.exited
      await target[Symbol.asyncDispose]()
    },
  }
}

async function joined(origin: string): Promise<void> {
  const startedAtMs = performance.now()
  const hasGroup = async () => {
    const text = await (await fetch(`${origin}/metrics`)).text()
    return text.includes(`slackmcp_queue_group_pending_events{group="${group}"`)
  }
  while (!(await hasGroup())) {
    if (performance.now() - startedAtMs > joinMaxMs) throw new Error('The consumer did not come')
    await Bun.sleep(20)
  }
}
