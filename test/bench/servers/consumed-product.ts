import { builtBinary, productEnvironment, type Settings } from './product.ts'
import { startProductWebhook, type WebhookServer } from './webhook-servers.ts'

const group = 'bench'
const joinMaxMs = 10_000

/** The binary with `consume` beside it: a second process, which gets the events over HTTP, many at once. */
export async function startConsumed(settings: Settings = {}): Promise<ConsumedServer> {
  // Room for what a consumer on a shared core is behind during a measurement.
  const env = { QUEUE_MEMORY_EVENTS_MAX: '1000000', ...settings }
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
  const leave = async () => {
    consumer.kill('SIGKILL')
    await consumer.exited
  }
  await joined(origin)
  return {
    ...target,
    leave,
    async [Symbol.asyncDispose]() {
      await leave()
      await target[Symbol.asyncDispose]()
    },
  }
}

export interface ConsumedServer extends WebhookServer {
  /** Ends the consumer. Its group stays, and whatever comes is kept for it. */
  leave(): Promise<void>
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
