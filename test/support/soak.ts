import { heapStats } from 'bun:jsc'
import { listen } from '../../src/cli/listen.ts'
import type { Health } from '../../src/http/health.ts'
import { silentLogger } from '../../src/observe/silent.ts'
import { callTool, openClient, type ToolCall } from '../bench/load/mcp-requests.ts'
import { postSignedEvents } from '../bench/load/signed-events.ts'
import { descriptorsOf } from '../bench/process-figures.ts'
import { mcpToken } from '../bench/servers/product.ts'
import { startApp } from './app-fixture.ts'
import { testSigningSecret } from './signed-sender.ts'

export interface SoakGoal {
  /** Rounds before anything is looked at: caches are full and code is compiled by then. */
  readonly warmUpRounds: number
  /** Rounds between the two looks. */
  readonly rounds: number
}

export interface SoakReport {
  readonly rounds: number
  /** What a round left behind for good, on average, after a collection. */
  readonly objectsPerRound: number
  readonly heapBytesPerRound: number
  /** More at the second look than at the first. */
  readonly descriptors: number
  readonly residentMegabytes: number
  /** At the end. */
  readonly health: Health['components']
}

/** Each is answered before the next: what is under way is no growth. */
const eventsPerRound = 5
const call: ToolCall = { name: 'slack_get_user', arguments: { user: 'U0DEMO00ANA' } }

/**
 * Whether nothing grows with the number of rounds: less than one object, or the kilobyte of one body, for each event. What the engine itself adds or
 * drops between two looks is 1 MB and 600 objects at most, however many rounds there are: it needs hundreds of them to disappear.
 */
export function isFlat({ objectsPerRound, heapBytesPerRound, descriptors }: SoakReport): boolean {
  return objectsPerRound < 4 && heapBytesPerRound < 4096 && descriptors <= descriptorsMax
}

/** Connections that a client keeps open between requests. */
const descriptorsMax = 10

/** Bounds that are by design, so low that the warm-up reaches them. */
const bounds = { queueMemoryEventsMax: '100', queueDedupeIdsMax: '100' } as const
const withoutRates = {
  limitsPrincipalRequestsPerMinute: '1000000',
  limitsToolCallsPerMinute: '1000000',
} as const

/** A server on loopback with a handler, that takes events, calls and sessions of both eras in every round; what it holds at two later moments, compared. */
export async function runSoak({ warmUpRounds, rounds }: SoakGoal): Promise<SoakReport> {
  const server = await startApp(
    {
      signingSecret: testSigningSecret,
      logger: silentLogger,
      config: { mcpAuthTokens: `soak:${mcpToken}`, ...bounds, ...withoutRates },
    },
    ({ events }) => events.on('message', async () => undefined),
  )
  try {
    const { url: origin } = listen(server.app, { host: '127.0.0.1', port: 0 })
    await run(origin, warmUpRounds)
    const before = look()
    await run(origin, rounds)
    const after = look()
    return {
      rounds,
      objectsPerRound: (after.objects - before.objects) / rounds,
      heapBytesPerRound: (after.heapBytes - before.heapBytes) / rounds,
      descriptors: after.descriptors - before.descriptors,
      residentMegabytes: (after.residentBytes - before.residentBytes) / 1024 / 1024,
      health: (await server.health()).components,
    }
  } finally {
    await server.stop()
  }
}

async function run(origin: string, rounds: number): Promise<void> {
  const legacy = { origin, token: mcpToken, era: 'legacy' } as const
  const modern = { origin, token: mcpToken, era: 'modern' } as const
  for (let round = 0; round < rounds; round++) {
    await postSignedEvents(origin, eventsPerRound)
    const session = await openClient(legacy)
    await callTool(legacy, session, call)
    await (await fetch(`${origin}/mcp`, { method: 'DELETE', headers: session })).text()
    await callTool(modern, await openClient(modern), call)
  }
}

function look() {
  Bun.gc(true)
  const { objectCount, heapSize, extraMemorySize } = heapStats()
  return {
    objects: objectCount,
    heapBytes: heapSize + extraMemorySize,
    descriptors: descriptorsOf(process.pid),
    residentBytes: process.memoryUsage.rss(),
  }
}
