// Tool calls per second and CPU per call over streamable HTTP with sessions, ours against a bare server of the same SDK; one JSON line per
// round. Run: bun test/bench/mcp-calls.ts
import { LineReader } from '../support/line-reader.ts'
import { aliceToken } from '../support/mcp-harness.ts'

const concurrency = 16
const warmUpCalls = 2000
const calls = 10_000
const rounds = 3

interface Measured {
  readonly callsPerSecond: number
  readonly cpuMicrosecondsPerCall: number
}

async function measure(kind: 'ours' | 'bare'): Promise<Measured> {
  const script = new URL('mcp-call-servers.ts', import.meta.url).pathname
  const child = Bun.spawn([process.execPath, script, kind], { stdin: 'pipe', stdout: 'pipe' })
  const lines = new LineReader(child.stdout)
  const origin = (await lines.next()) ?? ''
  const cpu = async (): Promise<number> => {
    child.stdin.write('\n')
    child.stdin.flush()
    return JSON.parse((await lines.next()) ?? '{}').cpuMicroseconds
  }
  const headers = new Headers({
    authorization: `Bearer ${aliceToken}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
  })
  const post = (message: object) =>
    fetch(`${origin}/mcp`, { method: 'POST', headers, body: JSON.stringify(message) })
  const clientInfo = { name: 'bench', version: '1' }
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo }
  const opened = await post({ jsonrpc: '2.0', id: 'i', method: 'initialize', params })
  await opened.text()
  headers.set('mcp-session-id', opened.headers.get('mcp-session-id') ?? '')
  let lastId = 0
  const run = async (count: number): Promise<void> => {
    const until = lastId + count
    const worker = async () => {
      while (lastId < until) {
        const id = ++lastId
        const call = { name: 'echo', arguments: { text: 'hello' } }
        await (await post({ jsonrpc: '2.0', id, method: 'tools/call', params: call })).text()
      }
    }
    await Promise.all(Array.from({ length: concurrency }, worker))
  }
  await run(warmUpCalls)
  const [cpuBefore, startedAtMs] = [await cpu(), performance.now()]
  await run(calls)
  const elapsedSeconds = (performance.now() - startedAtMs) / 1000
  const cpuMicrosecondsPerCall = ((await cpu()) - cpuBefore) / calls
  child.kill()
  return {
    callsPerSecond: Math.round(calls / elapsedSeconds),
    cpuMicrosecondsPerCall: Math.round(cpuMicrosecondsPerCall),
  }
}

for (let round = 1; round <= rounds; round++) {
  const [ours, bare] = [await measure('ours'), await measure('bare')]
  const ratio = Math.round((ours.callsPerSecond / bare.callsPerSecond) * 100) / 100
  process.stdout.write(`${JSON.stringify({ case: 'mcp-calls', round, ours, bare, ratio })}\n`)
}
