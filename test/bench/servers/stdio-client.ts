import { LineReader } from '../../support/line-reader.ts'
import { residentBytesOf } from '../process-figures.ts'
import type { StdioCommand } from './peer-servers.ts'

const answerMaxMs = 60_000

/** A client of MCP over stdio, and the server that it started. */
export class StdioClient implements AsyncDisposable {
  readonly #child: Bun.Subprocess<'pipe', 'pipe', 'ignore'>
  readonly #lines: LineReader
  #lastId = 0

  /** Starts the server; the clock that measures starts should run already. */
  constructor({ command, env }: Pick<StdioCommand, 'command' | 'env'>) {
    this.#child = Bun.spawn([...command], { env, stdin: 'pipe', stdout: 'pipe', stderr: 'ignore' })
    this.#lines = new LineReader(this.#child.stdout)
  }

  get residentMegabytes(): number {
    return residentBytesOf(this.#child.pid) / 1024 / 1024
  }

  /** The revision that all of them speak. */
  async initialize(): Promise<void> {
    const clientInfo = { name: 'bench', version: '1' }
    await this.request('initialize', { protocolVersion: '2024-11-05', capabilities: {}, clientInfo })
    this.#send({ method: 'notifications/initialized' })
  }

  /** Resolves with the result. Rejects for an error, a server that ends, and no answer within a minute. */
  async request(method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#lastId
    this.#send({ id, method, params })
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), answerMaxMs)
    try {
      for (;;) {
        const line = await this.#lines.next()
        if (line === undefined) throw new Error(`${method} was not answered`)
        const answer: { readonly id?: unknown; readonly result?: Record<string, unknown> } = JSON.parse(line)
        if (answer.id !== id) continue
        if (answer.result === undefined) throw new Error(`${method} failed: ${line}`)
        return answer.result
      }
    } finally {
      clearTimeout(timer)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#child.exited
  }

  #send(message: object): void {
    this.#child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
    this.#child.stdin.flush()
  }
}
