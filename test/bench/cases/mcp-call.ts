import { join } from 'node:path'
import { startBigWorkspace } from '../../support/big-workspace.ts'
import type { BenchCase } from '../bench-case.ts'
import { type Contender, type Contestant, compareSpeed, runContest } from '../contest.ts'
import { generateLoad, LoadSize, writeRequests } from '../load/generate-load.ts'
import {
  callRequest,
  callTool,
  type McpEra,
  type McpTarget,
  openClient,
  type ToolCall,
} from '../load/mcp-requests.ts'
import { availablePrograms, goProgram, startGoServer } from '../servers/peer-servers.ts'
import { mcpToken, startProduct } from '../servers/product.ts'
import { originLine, ServerProcess } from '../servers/server-process.ts'

const connections = 16
/** Answered from what is known already: no call to Slack after the first. */
const call: ToolCall = { name: 'slack_get_user', arguments: { user: 'U000001' } }
const eras = ['legacy', 'modern'] as const

const oursOf = (era: McpEra) => `ours, ${era} era`
const bareOf = (era: McpEra) => `bare SDK, ${era} era`

export const mcpCall: BenchCase = {
  title: 'MCP call',
  method:
    'tools/call of slack_get_user, which answers from what it knows, over streamable HTTP and 16 connections; in the legacy era each is a session. The bare server is the SDK of the same era with one tool that answers the same text, without credentials, limits or a log. The peer in Go answers its cheapest tool from the list of people that it loads at its start.',
  profileShows:
    'Revision 2026-07-28: half is the SDK’s own matching of every message against its schemas, by zod, and a server object for each request, which keeps callers apart; the rest is credentials, limits, read policy, the line of the log and metrics, of which no part is more than 3 %.',
  async run(context) {
    await using workspace = startBigWorkspace({ userCount: 50, channelCount: 20 })
    const { programs, skipped } = await availablePrograms()
    const isGoHere = programs.includes(goProgram)
    const result = await answerOf(workspace.apiUrl)
    const contest = await runContest(
      eras
        .flatMap((era) => [
          mcpContender({ name: oursOf(era), era, call, start: () => startOurs(workspace.apiUrl) }),
          mcpContender({ name: bareOf(era), era, call, start: () => startBare(era, result) }),
        ])
        .concat(isGoHere ? [goContender(workspace.apiUrl)] : []),
      context,
    )
    return {
      rounds: contest.rounds,
      lines: contest.lines,
      skipped: skipped.filter((text) => text.startsWith(goProgram.name)),
      comparisons: [
        ...eras.flatMap((era) =>
          compareSpeed(contest, { of: oursOf(era), to: bareOf(era), goal: { atLeast: 0.9 } }),
        ),
        ...(isGoHere ? compareSpeed(contest, { of: oursOf('legacy'), to: goName }) : []),
      ],
    }
  },
}

function startOurs(apiUrl: string): Promise<ServerProcess> {
  return startProduct({ SLACK_API_URL: apiUrl })
}

const goName = `${goProgram.name} (Go), users_search`

/** Its cheapest tool, from the list that it loaded at its start. */
function goContender(apiUrl: string): Contender {
  const search: ToolCall = { name: 'users_search', arguments: { query: 'person00001', limit: 1 } }
  return mcpContender({
    name: goName,
    era: 'legacy',
    call: search,
    start: () => startGoServer(apiUrl),
  })
}

/** What ours answers, so that the bare server sends as much. */
async function answerOf(apiUrl: string): Promise<object> {
  await using server = await startOurs(apiUrl)
  const target = { origin: server.origin, token: mcpToken, era: 'legacy' } as const
  return await callTool(target, await openClient(target), call)
}

function startBare(era: McpEra, result: object): Promise<ServerProcess> {
  return ServerProcess.start({
    command: [process.execPath, join(import.meta.dir, '..', 'servers', 'bare-mcp.ts')],
    env: { ERA: era, TOOL: call.name, RESULT: JSON.stringify(result) },
    originIn: originLine,
  })
}

/** Before anything is known. */
const perSecondGuess = 10_000
/** Ids of as many digits, so that all requests have one length. */
const firstId = 100_000_000

export interface McpContenderOptions {
  readonly name: string
  readonly era: McpEra
  readonly call: ToolCall
  readonly start: () => Promise<ServerProcess>
}

/** A server of MCP as one of a contest: every answer of the load must be the one that a call before it got. */
export function mcpContender({ name, era, call, start }: McpContenderOptions): Contender {
  return {
    name,
    async start(): Promise<Contestant> {
      const server = await start()
      const target: McpTarget = { origin: server.origin, token: mcpToken, era }
      const clients = await Promise.all(Array.from({ length: connections }, () => openClient(target)))
      const [client = {}] = clients
      const marker = markerOf(await callTool(target, client, call))
      const size = new LoadSize(perSecondGuess)
      let lastId = firstId
      const make = () => {
        const id = ++lastId
        return callRequest(era, clients[id % clients.length] ?? client, { id, call })
      }
      return {
        measure: (seconds) => measureCalls(server, { make, marker, seconds, size }),
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      }
    },
  }
}

interface CallLoad {
  readonly make: () => string
  readonly marker: string
  readonly seconds: number
  readonly size: LoadSize
}

async function measureCalls(server: ServerProcess, { make, marker, seconds, size }: CallLoad) {
  const { origin } = server
  const seen = await size.untilWhole(async () => {
    await using file = await writeRequests(size.requestsFor(seconds), make)
    const cpuBefore = server.cpuSeconds()
    const result = await generateLoad({ origin, file, connections, seconds, marker })
    return { ...result, cpuSeconds: server.cpuSeconds() - cpuBefore }
  })
  return {
    perSecond: seen.requests / seen.seconds,
    cpuMicroseconds: (seen.cpuSeconds / seen.requests) * 1_000_000,
    p50Ms: seen.p50Ms,
    p99Ms: seen.p99Ms,
    errors: seen.errors,
  }
}

/** A piece of the text that the tool answers, without what JSON would write in another way. */
function markerOf(result: Readonly<Record<string, unknown>>): string {
  const [content] = result['content'] as readonly { readonly text: string }[]
  const piece = /[A-Za-z0-9 @,]{8,40}/.exec(content?.text ?? '')?.[0]
  if (piece === undefined) throw new Error(`The tool answered nothing to look for: ${JSON.stringify(result)}`)
  return piece
}
