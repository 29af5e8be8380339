import { startBigWorkspace } from '../../support/big-workspace.ts'
import { realisticHistory } from '../../support/realistic-history.ts'
import type { BenchCase, Comparison, ReportLine } from '../bench-case.ts'
import { summarizeFigures } from '../contest.ts'
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
    'Resident memory of the server process, a second after what it did: idle; after 100,000 events, of which it keeps the newest 10,000 in memory; with 1,000 sessions of MCP open; and in a workspace of 20,000 people and 5,000 channels after a channel was read by its name and people were searched. The peer in Go loads the whole workspace at its start; those on Node hold nothing and list 200 people. Each figure is of a process of its own.',
  async run({ say }) {
    const { programs, skipped } = await availablePrograms()
    say(productProgram.name)
    const ours = await measureProduct(say)
    const lines: ReportLine[] = [ours]
    for (const program of programs.filter((one) => one !== productProgram)) {
      say(program.name)
      lines.push(program === goProgram ? await measureGo() : await measureStdio(program))
    }
    return { lines, comparisons: goalsOf(ours), skipped }
  },
}

function goalsOf({ figures: { idleMegabytes } }: ReportLine): readonly Comparison[] {
  if (idleMegabytes === undefined) return []
  return [{ says: 'ours, idle: RSS MB', value: idleMegabytes, goal: { atMost: idleGoalMegabytes } }]
}

async function measureProduct(say: (text: string) => void): Promise<ReportLine> {
  const idleMegabytes = await residentOf(startProduct(), async () => undefined)
  say(`${eventCount} events`)
  const eventsMegabytes = await afterEvents()
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
  const figures = { idleMegabytes, eventsMegabytes, sessionsMegabytes, peopleMegabytes }
  return { name: `${productProgram.name}, serve`, figures: summarizeFigures([figures]) }
}

async function afterEvents(): Promise<number> {
  await using target = await startProductWebhook()
  while ((await target.accepted()) < eventCount) {
    await measureWebhook(target, { count: 20_000, seconds: 1 })
  }
  return await settledMegabytes(target.server)
}

async function measureGo(): Promise<ReportLine> {
  await using workspace = startBigWorkspace(small)
  const idleMegabytes = await residentOf(startGoServer(workspace.apiUrl), async () => undefined)
  const sessionsMegabytes = await residentOf(startGoServer(workspace.apiUrl), openSessions)
  await using largeWorkspace = startBigWorkspace(large)
  const peopleMegabytes = await residentOf(startGoServer(largeWorkspace.apiUrl), async () => undefined)
  const figures = { idleMegabytes, sessionsMegabytes, peopleMegabytes }
  return { name: `${goProgram.name}, http`, figures: summarizeFigures([figures]) }
}

/** They speak stdio alone: one session, one process. */
async function measureStdio(program: McpProgram): Promise<ReportLine> {
  await using workspace = startBigWorkspace(large)
  await using prepared = await program.stdio(workspace.apiUrl)
  await using client = new StdioClient(prepared)
  await client.initialize()
  await client.request('tools/list')
  await Bun.sleep(settleMs)
  const idleMegabytes = client.residentMegabytes
  await textOf(client, listPeople)
  await Bun.sleep(settleMs)
  const figures = { idleMegabytes, peopleMegabytes: client.residentMegabytes }
  return { name: `${program.name}, stdio`, figures: summarizeFigures([figures]) }
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
