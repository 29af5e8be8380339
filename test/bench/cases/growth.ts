import { startBigWorkspace } from '../../support/big-workspace.ts'
import type { BenchCase, Comparison, ReportLine } from '../bench-case.ts'
import { type Contestant, type ContestResult, roundCount, runContest } from '../contest.ts'
import { callTool, openClient, type ToolCall } from '../load/mcp-requests.ts'
import { postNextEvent, postSignedEvents } from '../load/signed-events.ts'
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
  /** Asks once for what is measured. Rejects where the answer is wrong. */
  ask(): Promise<unknown>
}

const warmUpCount = 10_000
/** Few enough to leave the smallest size nearly what it is. */
const countEach = 400
/** 1.6 times the cost for 100 times the size: below that it is the caches of the processor. */
const exponentGoal = 0.1

export const growth: BenchCase = {
  title: 'Growth',
  method: `CPU of the server process for each of ${countEach} events or calls, with 1, 10 and 100 times as much there: events that a group has still to consume; sessions of MCP that are open; subscribers to another channel than those of the events; people in the workspace, of whom one is asked for. The exponent is k in cost = c · size^k, fitted to each round: 0 is flat.`,
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
      comparisons.push({
        says: `${dimension.title}: fitted exponent`,
        value: summarize(exponentsOf(named, contest)),
        goal: { atMost: exponentGoal },
      })
    }
    return { rounds: roundCount, lines, comparisons }
  },
}

/** One for each round. */
function exponentsOf(
  named: readonly { readonly size: number; readonly name: string }[],
  { rounds, seen }: ContestResult,
): readonly number[] {
  return Array.from({ length: rounds }, (_, round) =>
    fitExponent(
      named.map(({ size, name }) => ({ size, cost: seen(name)[round]?.cpuMicroseconds ?? Number.NaN })),
    ),
  )
}

function asContestant(workload: Workload): Contestant {
  return {
    async measure() {
      const before = workload.server.threadSeconds()
      const errors = await askMany(workload, countEach)
      const cpuMicroseconds = ((workload.server.threadSeconds() - before) / countEach) * 1_000_000
      return { cpuMicroseconds, errors }
    },
    [Symbol.asyncDispose]: () => workload[Symbol.asyncDispose](),
  }
}

const askedAtOnce = 16

/** Resolves with how many were answered wrongly. */
async function askMany({ ask }: Pick<Workload, 'ask'>, count: number): Promise<number> {
  let [left, errors] = [count, 0]
  const asker = async () => {
    while (left-- > 0) await ask().catch(() => errors++)
  }
  await Promise.all(Array.from({ length: askedAtOnce }, asker))
  return errors
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
    ask: () => postNextEvent(target.server.origin),
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
    ask: () => postNextEvent(origin),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function startCalled(userCount: number, sessionCount: number): Promise<Workload> {
  await using stack = new AsyncDisposableStack()
  const workspace = stack.use(startBigWorkspace({ userCount, channelCount: 20 }))
  const server = stack.use(await startProduct({ ...manySessions, SLACK_API_URL: workspace.apiUrl }))
  const target = { origin: server.origin, token: mcpToken, era: 'legacy' } as const
  const client = await openClient(target)
  for (let opened = 1; opened < sessionCount; opened++) await openClient(target)
  // Reads the list of people, as far as the server reads it.
  await callTool(target, client, { name: 'slack_search_users', arguments: { query: 'person' } })
  const ask = () => callTool(target, client, call)
  await askMany({ ask }, warmUpCount / 2)
  const owned = stack.move()
  return { server, ask, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
