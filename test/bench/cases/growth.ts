import { startBigWorkspace } from '../../support/big-workspace.ts'
import type { BenchCase, Comparison, ReportLine } from '../bench-case.ts'
import { type Contestant, runContest } from '../contest.ts'
import { callTool, openClient, type ToolCall } from '../load/mcp-requests.ts'
import { postSignedEvents } from '../load/signed-events.ts'
import { startConsumed } from '../servers/consumed-product.ts'
import { mcpToken, startProduct } from '../servers/product.ts'
import type { ServerProcess } from '../servers/server-process.ts'
import { openSubscribers } from '../servers/subscribers.ts'
import { fitExponent, summarize } from '../statistics.ts'
import { manySessions } from './fan-out.ts'

/** Work that is measured by itself, and whose size is 1×, 10× and 100×. */
interface Dimension {
  readonly title: string
  readonly sizes: readonly number[]
  /** A server in which that much is there, warm. */
  start(size: number): Promise<Workload>
}

interface Workload extends AsyncDisposable {
  readonly server: ServerProcess
  /** Asks for that many of what is measured, and looks at every answer. */
  work(count: number): Promise<void>
}

const warmUpCount = 10_000
/** Few enough to leave the smallest size nearly what it is. */
const countEach = 400
/** 1.6 times the cost for 100 times the size: below that it is the caches of the processor. */
const exponentGoal = 0.1

export const growth: BenchCase = {
  title: 'Growth',
  method: `CPU of the server process for each of ${countEach} events or calls, with 1, 10 and 100 times as much there: events that a group has still to consume; sessions of MCP that are open; subscribers to another channel than those of the events; people in the workspace, of whom one is asked for. The exponent is k in cost = c · size^k, fitted to the medians: 0 is flat.`,
  async run(context) {
    const lines: ReportLine[] = []
    const comparisons: Comparison[] = []
    for (const dimension of dimensions) {
      const named = dimension.sizes.map((size) => ({
        size,
        name: `${dimension.title}: ${size.toLocaleString('en-US')}`,
      }))
      const contest = await runContest(
        named.map(({ size, name }) => ({
          name,
          start: async () => asContestant(await dimension.start(size)),
        })),
        context,
      )
      lines.push(...contest.lines)
      const points = named.map(({ size, name }) => ({
        size,
        cost: contest.lines.find((line) => line.name === name)?.figures.cpuMicroseconds?.median ?? Number.NaN,
      }))
      comparisons.push({
        says: `${dimension.title}: fitted exponent`,
        value: summarize([fitExponent(points)]),
        goal: { atMost: exponentGoal },
      })
    }
    return { lines, comparisons }
  },
}

function asContestant(workload: Workload): Contestant {
  return {
    async measure() {
      const before = workload.server.threadSeconds()
      await workload.work(countEach)
      const cpuMicroseconds = ((workload.server.threadSeconds() - before) / countEach) * 1_000_000
      return { cpuMicroseconds }
    },
    [Symbol.asyncDispose]: () => workload[Symbol.asyncDispose](),
  }
}

const call: ToolCall = { name: 'slack_get_user', arguments: { user: 'U000001' } }

const dimensions: readonly Dimension[] = [
  { title: 'an event, unconsumed events', sizes: [500, 5000, 50_000], start: startBehind },
  { title: 'an event, subscribers elsewhere', sizes: [10, 100, 1000], start: startSubscribed },
  { title: 'a call, open sessions', sizes: [10, 100, 1000], start: (size) => startCalled(50, size) },
  { title: 'a call, people', sizes: [200, 2000, 20_000], start: (size) => startCalled(size, 1) },
]

/** A group whose only member went away before the last `size` events. */
async function startBehind(size: number): Promise<Workload> {
  const target = await startConsumed()
  await postSignedEvents(target.server.origin, warmUpCount)
  await target.settled()
  await target.leave()
  await postSignedEvents(target.server.origin, size)
  return {
    server: target.server,
    work: (count) => postSignedEvents(target.server.origin, count),
    [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
  }
}

async function startSubscribed(size: number): Promise<Workload> {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startProduct(manySessions))
  const { origin } = server
  const target = { origin, token: mcpToken, era: 'modern' } as const
  stack.use(await openSubscribers(target, { count: size, uri: 'slack://channels/C0ELSEWHERE' }))
  await postSignedEvents(origin, warmUpCount)
  const owned = stack.move()
  return {
    server,
    work: (count) => postSignedEvents(origin, count),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const callsAtOnce = 16

async function startCalled(userCount: number, sessionCount: number): Promise<Workload> {
  await using stack = new AsyncDisposableStack()
  const workspace = stack.use(startBigWorkspace({ userCount, channelCount: 20 }))
  const server = stack.use(await startProduct({ ...manySessions, SLACK_API_URL: workspace.apiUrl }))
  const target = { origin: server.origin, token: mcpToken, era: 'legacy' } as const
  const client = await openClient(target)
  for (let opened = 1; opened < sessionCount; opened++) await openClient(target)
  // Reads the list of people, as far as the server reads it.
  await callTool(target, client, { name: 'slack_search_users', arguments: { query: 'person' } })
  const work = async (count: number) => {
    let left = count
    const caller = async () => {
      while (left-- > 0) await callTool(target, client, call)
    }
    await Promise.all(Array.from({ length: callsAtOnce }, caller))
  }
  await work(warmUpCount / 2)
  const owned = stack.move()
  return { server, work, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
