import type { Contender, Contestant } from '../contest.ts'
import { generateLoad, type LoadResult, LoadSize, writeRequests } from '../load/generate-load.ts'
import { signedEventRequest } from '../load/signed-events.ts'
import { signingSecret } from '../servers/product.ts'
import type { WebhookServer } from '../servers/webhook-servers.ts'

const connections = 64
/** Before anything is known. */
const perSecondGuess = 20_000

/** A server of events as one of a contest. */
export function webhookContender(name: string, start: () => Promise<WebhookServer>): Contender {
  return {
    name,
    async start(): Promise<Contestant> {
      const target = await start()
      const size = new LoadSize(perSecondGuess)
      return {
        async measure(seconds) {
          const run = () => measureWebhook(target, { count: size.requestsFor(seconds), seconds })
          return (await size.untilWhole(run)).figures
        },
        [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
      }
    },
  }
}

/** One load of unique signed events. The CPU is counted until the consumer has had the last of them. */
export async function measureWebhook(
  target: WebhookServer,
  { count, seconds }: { readonly count: number; readonly seconds: number },
) {
  const nowSeconds = Math.floor(Date.now() / 1000)
  await using file = await writeRequests(count, () => signedEventRequest(signingSecret, nowSeconds))
  const acceptedBefore = await target.accepted()
  const repeatedBefore = await target.repeated()
  const cpuBefore = target.server.cpuSeconds()
  const seen = await generateLoad({ origin: target.server.origin, file, connections, seconds })
  await target.settled()
  const cpuSeconds = target.server.cpuSeconds() - cpuBefore
  const accepted = (await target.accepted()) - acceptedBefore
  const repeated = (await target.repeated()) - repeatedBefore
  const figures = {
    perSecond: seen.requests / seen.seconds,
    cpuMicroseconds: (cpuSeconds / accepted) * 1_000_000,
    p50Ms: seen.p50Ms,
    p99Ms: seen.p99Ms,
    errors: seen.errors + Math.max(repeated, miscounted(seen, accepted)),
  }
  return { ...seen, figures }
}

/** What was answered well and not stored, or stored more than once. What was under way at the end was never answered to anybody: it hides as many that were not stored. */
function miscounted({ requests, errors }: LoadResult, accepted: number): number {
  const answered = requests - errors
  return Math.max(0, answered - accepted, accepted - answered - connections)
}
