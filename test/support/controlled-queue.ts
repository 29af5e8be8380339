import { join } from 'node:path'
import type { QueueOptions } from '../../src/queue/registry.ts'

/** A queue in a process of its own. */
export interface ControlledQueue {
  /** Sends a question and resolves with the next line that the process says; undefined once it has ended and said everything. */
  ask(question: object): Promise<unknown>
  /** The next line that the process says; undefined once it has ended. */
  next(): Promise<unknown>
  end(): Promise<void>
}

export interface ControlledQueueOptions {
  readonly queue: QueueOptions
  readonly env?: Readonly<Record<string, string>>
  /** What runs the process: a tracer, say. */
  readonly wrapper?: readonly string[]
}

/** Starts test/support/queue-process.ts; resolves once its queue is started. */
export async function startControlledQueue(options: ControlledQueueOptions): Promise<ControlledQueue> {
  const { queue, env = {}, wrapper = [] } = options
  const child = Bun.spawn(
    [...wrapper, process.execPath, join(import.meta.dir, 'queue-process.ts'), JSON.stringify(queue)],
    { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe', env: { ...process.env, ...env } },
  )
  const lines = readLines(child.stdout)
  const next = async (): Promise<unknown> => {
    const { value, done } = await lines.next()
    return done === true ? undefined : JSON.parse(value)
  }
  if ((await next()) !== 'ready') throw new Error(await new Response(child.stderr).text())
  return {
    next,
    async ask(question) {
      try {
        child.stdin.write(`${JSON.stringify(question)}\n`)
        await child.stdin.flush()
      } catch (error) {
        // It may have ended since its last line.
        if ((error as { readonly code?: string }).code !== 'EPIPE') throw error
      }
      return await next()
    },
    async end() {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}
