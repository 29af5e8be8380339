import { startBigWorkspace } from '../../support/big-workspace.ts'
import { realisticHistory } from '../../support/realistic-history.ts'
import { type BenchCase, type Comparison, type Figures, figureTable } from '../bench-case.ts'
import { summarizeFigures, summarizeRatios } from '../contest.ts'
import { callTool, openClient, type ToolCall } from '../load/mcp-requests.ts'
import {
  availablePrograms,
  goProgram,
  type McpProgram,
  productProgram,
  startGoServer,
} from '../servers/peer-servers.ts'
import { mcpToken, startProduct } from '../servers/product.ts'
import type { ServerProcess } from '../servers/server-process.ts'
import { StdioClient } from '../servers/stdio-client.ts'
import { startProductWebhook } from '../servers/webhook-servers.ts'
import { manySessions } from './fan-out.ts'
import { textOf } from './tokens.ts'
import { measureWebhook } from './webhook-contender.ts'

const roundCount = 3
const eventCount = 100_000
const sessionCount = 1000
const small = { userCount: 50, channelCount: 20 }
const large = {
  userCount: 20_000,
  channelCount: 5000,
  messages: realisticHistory(100, 100, (index) => `U${String(index * 199).padStart(6, '0')}`),
}
const idleGoalMegabytes = 70
/** What was freed just now is given back a little later. */
const settleMs = 1000

const lastChannel = `#channel-${String(large.channelCount - 1).padStart(5, '0')}`
/** What makes a server learn as much of a workspace as a person would: names of channels and of people. */
const lookAround: readonly ToolCall[] = [
  { name: 'slack_read_channel_messages', arguments: { channel: lastChannel, limit: 100 } },
  { name: 'slack_search_users', arguments: { query: 'person19' } },
]
const listPeople: ToolCall = { name: 'slack_get_users', arguments: { limit: 200 } }

export const memory: BenchCase = {
  title: 'Memory',
  method:
    'Resident memory of the server process, a second after what it did: idle; after 100,000 events, of which it keeps the newest 10,000 in memory; with 1,000 sessions of MCP open; and in a workspace of 20,000 people and 5,000 channels after a channel was read by its name and people were searched. The peer in Go loads the whole workspace at its start; those on Node hold nothing and list 200 people. Over stdio there is one session, and no events. Each figure of a server over HTTP is of a process of its own.',
  async run({ say }) {
    const { programs, skipped } = await availablePrograms()
    const ways = [
      { name: served, measure: () => measureProduct(say) },
      ...programs.map((program) =>
        program === goProgram
          ? { name: `${program.name}, http`, measure: measureGo }
          : { name: `${program.name}, stdio`, measure: () => measureStdio(program) },
      ),
    ].map((way) => ({ ...way, seen: [] as Figures[] }))
    for (let round = 1; round <= roundCount; round++) {
      for (const { name, measure, seen } of ways) {
        say(`${name}: round ${round} of ${roundCount}`)
        seen.push(await measure())
      }
    }
    return {
      rounds: roundCount,
      lines: ways.map(({ name, seen }) => ({ name, figures: summarizeFigures(seen) })),
      comparisons: comparisonsOf(ways),
      skipped,
    }
  },
}

const served = `${productProgram.name}, serve`
const overStdio = `${productProgram.name}, stdio`

/** Each peer beside ours over the transport that it has, round by round. */
function comparisonsOf(
  ways: readonly { readonly name: string; readonly seen: readonly Figures[] }[],
): readonly Comparison[] {
  const seenOf = (name: string) => ways.find((way) => way.name === name)?.seen ?? []
  const { idleMegabytes } = summarizeFigures(seenOf(served))
  const goal = { atMost: idleGoalMegabytes }
  const peers = ways.filter(({ name }) => name !== served && name !== overStdio)
  return [
    ...(idleMegabytes === undefined ? [] : [{ says: `${served}, idle: RSS MB`, value: idleMegabytes, goal }]),
    ...peers.flatMap(({ name, seen }) => {
      const ours = name.endsWith('stdio') ? overStdio : served
      return (['idleMegabytes', 'peopleMegabytes'] as const).map((figure) => ({
        says: `${name}: ${figureTable[figure].title}, to ${ours}`,
        value: summarizeRatios(figure, seen, seenOf(ours)),
      }))
    }),
  ]
}

async function measureProduct(say: (text: string) => void): Promise<Figures> {
  const idleMegabytes = await residentOf(startProduct(), async () => undefined)
  say(`${eventCount} events`)
  const { eventsMegabytes, errors } = await afterEvents()
  say(`${sessionCount} sessions`)
  const sessionsMegabytes = await residentOf(startProduct(manySessions), openSessions)
  say(`${large.userCount} people`)
  await using workspace = startBigWorkspace(large)
  const peopleMegabytes = await residentOf(
    startProduct({ SLACK_API_URL: workspace.apiUrl }),
    async (server) => {
      const target = { origin: server.origin, token: mcpToken, era: 'legacy' } as const
      const client = await openClient(target)
      for (const call of lookAround) await callTool(target, client, call)
    },
  )
  return { idleMegabytes, eventsMegabytes, sessionsMegabytes, peopleMegabytes, errors }
}

async function afterEvents(): Promise<{ readonly eventsMegabytes: number; readonly errors: number }> {
  await using target = await startProductWebhook()
  let errors = 0
  while ((await target.accepted()) < eventCount) {
    const { figures } = await measureWebhook(target, { count: 20_000, seconds: 1 })
    errors += figures.errors
  }
  return { eventsMegabytes: await settledMegabytes(target.server), errors }
}

async function measureGo(): Promise<Figures> {
  await using workspace = startBigWorkspace(small)
  const idleMegabytes = await residentOf(startGoServer(workspace.apiUrl), async () => undefined)
  const sessionsMegabytes = await residentOf(startGoServer(workspace.apiUrl), openSessions)
  await using largeWorkspace = startBigWorkspace(large)
  const peopleMegabytes = await residentOf(startGoServer(largeWorkspace.apiUrl), async () => undefined)
  return { idleMegabytes, sessionsMegabytes, peopleMegabytes }
}

/** One session, one process. */
async function measureStdio(program: McpProgram): Promise<Figures> {
  await using workspace = startBigWorkspace(large)
  await using prepared = await program.stdio(workspace.apiUrl)
  await using client = new StdioClient(prepared)
  await client.initialize()
  await client.request('tools/list')
  await Bun.sleep(settleMs)
  const idleMegabytes = client.residentMegabytes
  for (const call of program === productProgram ? lookAround : [listPeople]) await textOf(client, call)
  await Bun.sleep(settleMs)
  return { idleMegabytes, peopleMegabytes: client.residentMegabytes }
}

async function residentOf(
  starting: Promise<ServerProcess>,
  use: (server: ServerProcess) => Promise<unknown>,
): Promise<number> {
  await using server = await starting
  await use(server)
  return await settledMegabytes(server)
}

async function settledMegabytes(server: ServerProcess): Promise<number> {
  await Bun.sleep(settleMs)
  return server.residentMegabytes()
}

const openAtOnce = 50

async function openSessions({ origin }: ServerProcess): Promise<void> {
  for (let opened = 0; opened < sessionCount; opened += openAtOnce) {
    const open = () => openClient({ origin, token: mcpToken, era: 'legacy' })
    await Promise.all(Array.from({ length: openAtOnce }, open))
  }
}
