import { LineReader } from './line-reader.ts'

export interface ChildState {
  readonly rss: number
  readonly said: number
  readonly callsInFlight: number
  readonly streamableSessions: number
}

export interface McpChild extends AsyncDisposable {
  readonly origin: string
  state(): Promise<ChildState>
}

/** Starts `mcp-child-server.ts`. */
export async function startMcpChild(): Promise<McpChild> {
  const script = new URL('mcp-child-server.ts', import.meta.url).pathname
  const child = Bun.spawn([process.execPath, script], { stdin: 'pipe', stdout: 'pipe' })
  const lines = new LineReader(child.stdout)
  const next = async () => (await lines.next()) ?? ''
  return {
    origin: await next(),
    async state() {
      child.stdin.write('\n')
      child.stdin.flush()
      return JSON.parse(await next())
    },
    async [Symbol.asyncDispose]() {
      child.kill()
      await child.exited
    },
  }
}
