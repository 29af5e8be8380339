import { startBigWorkspace } from '../../support/big-workspace.ts'
import { freePort } from '../../support/redis-server.ts'
import type { BenchCase, Comparison, Figures, ReportLine } from '../bench-case.ts'
import { summarizeFigures, summarizeRatios } from '../contest.ts'
import { availablePrograms, type McpProgram, productProgram } from '../servers/peer-servers.ts'
import { builtBinary, productEnvironment } from '../servers/product.ts'
import { StdioClient } from '../servers/stdio-client.ts'

const workspaceSizes = [50, 20_000]
const latencyMs = 150
const roundCount = 5
const goalMs = 60

export const start: BenchCase = {
  title: 'Start',
  method:
    'From exec to the answer to the first tools/list over stdio, initialize and the notification after it included, before a double of Slack that takes 150 ms for every call, with workspaces of 50 and of 20,000 people; and of ours to the first 200 of /livez. Every start has an empty home, so that nothing is cached, and what the process asks Slack for by then is counted.',
  profileShows:
    'Milliseconds since exec, the least of 15 starts: 6 until the first line of the program, 12 with the command line read, 29 with the modules of the server loaded, 39 with it put together, 55 with the SDK loaded, whose schemas zod builds then, and the rest until the first message has been matched against them.',
  async run({ say }) {
    const { programs, skipped } = await availablePrograms()
    const ways = [...programs.map(overStdio), overHttp]
    const seen = new Map<string, Figures[]>()
    for (let round = 1; round <= roundCount; round++) {
      for (const size of workspaceSizes) {
        await using workspace = startBigWorkspace({ userCount: size, channelCount: 100, latencyMs })
        for (const way of ways) {
          const name = lineName(way, size)
          say(`${name}: round ${round} of ${roundCount}`)
          workspace.forget()
          const measured = await way.measure(workspace.apiUrl)
          const slackCalls = Object.values(workspace.counts()).reduce((sum, count) => sum + count, 0)
          seen.set(name, [...(seen.get(name) ?? []), { ...measured, slackCalls }])
        }
      }
    }
    const lines = [...seen].map(([name, figures]) => ({ name, figures: summarizeFigures(figures) }))
    const peers = programs.filter((program) => program !== productProgram)
    return {
      rounds: roundCount,
      lines,
      comparisons: [...goalsOf(lines), ...ratiosOf(seen, peers)],
      skipped,
    }
  },
}

function lineName(way: Way, size: number): string {
  return `${way.name}, ${size.toLocaleString('en-US')} people`
}

interface Way {
  readonly name: string
  measure(apiUrl: string): Promise<{ readonly milliseconds: number; readonly errors: number }>
}

function overStdio(program: McpProgram): Way {
  return {
    name: `${program.name}, tools/list over stdio`,
    async measure(apiUrl) {
      await using prepared = await program.stdio(apiUrl)
      const startedAtMs = performance.now()
      await using client = new StdioClient(prepared)
      await client.initialize()
      const { tools } = await client.request('tools/list')
      const milliseconds = performance.now() - startedAtMs
      return { milliseconds, errors: Array.isArray(tools) && tools.length > 0 ? 0 : 1 }
    },
  }
}

const livezMaxMs = 30_000

const overHttp: Way = {
  name: `${productProgram.name}, /livez`,
  async measure(apiUrl) {
    const port = String(freePort())
    const env = productEnvironment({ SLACK_API_URL: apiUrl, PORT: port })
    const command = [await builtBinary(), 'serve']
    const startedAtMs = performance.now()
    const child = Bun.spawn(command, { env, stdout: 'ignore', stderr: 'ignore' })
    try {
      while (!(await isAlive(port))) {
        if (performance.now() - startedAtMs > livezMaxMs) throw new Error('/livez did not answer')
        await Bun.sleep(1)
      }
      return { milliseconds: performance.now() - startedAtMs, errors: 0 }
    } finally {
      child.kill('SIGKILL')
      await child.exited
    }
  },
}

async function isAlive(port: string): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/livez`)).ok
  } catch {
    return false
  }
}

function goalsOf(lines: readonly ReportLine[]): readonly Comparison[] {
  return lines
    .filter(({ name }) => name.startsWith(`${productProgram.name}, tools/list`))
    .flatMap(({ name, figures: { milliseconds } }) =>
      milliseconds === undefined
        ? []
        : [{ says: `${name}: ms`, value: milliseconds, goal: { atMost: goalMs } }],
    )
}

/** How many times as long each peer takes. */
function ratiosOf(
  seen: ReadonlyMap<string, readonly Figures[]>,
  peers: readonly McpProgram[],
): readonly Comparison[] {
  return workspaceSizes.flatMap((size) => {
    const ours = lineName(overStdio(productProgram), size)
    return peers.map((peer) => {
      const theirs = lineName(overStdio(peer), size)
      const value = summarizeRatios('milliseconds', seen.get(theirs) ?? [], seen.get(ours) ?? [])
      return { says: `${theirs}: time, to ours`, value }
    })
  })
}
