import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RedisClient } from 'bun'
import type { RedisReply } from '../../src/queue/redis-reply.ts'
import { describeWithTool } from './real-tool.ts'

const startMaxMs = 20_000
const portTriesMax = 5

const tool = { program: 'redis-server', debian: 'redis-server', demandedBy: 'REQUIRE_REDIS' } as const

/** Registers tests that need a real Redis: skipped by name where none is installed, failed there when REQUIRE_REDIS=1 (CI). */
export function describeWithRedis(name: string, register: () => void): void {
  describeWithTool(tool, name, register)
}

/** A redis-server of a test's own, on a free port, in a directory of its own. */
export class RedisServer {
  readonly port: number
  readonly #directory: string
  readonly #args: readonly string[]
  #process: Bun.Subprocess | undefined
  #admin: RedisClient | undefined

  private constructor(port: number, directory: string, args: readonly string[]) {
    this.port = port
    this.#directory = directory
    this.#args = args
  }

  /** Without arguments every write is on disk before it is answered, so that a killed server comes back with all it acknowledged. */
  static async start(
    args: readonly string[] = ['--appendonly', 'yes', '--appendfsync', 'always'],
  ): Promise<RedisServer> {
    const directory = await mkdtemp(join(tmpdir(), 'redis-test-'))
    for (let tries = 0; tries < portTriesMax; tries++) {
      const server = new RedisServer(freePort(), directory, args)
      if (await server.#begins()) return server
    }
    throw new Error(`redis-server ended by itself: redis-server ${args.join(' ')}`)
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  get directory(): string {
    return this.#directory
  }

  /** Starts the process on the same port and with the data that is there; resolves when it answers. */
  async begin(): Promise<void> {
    if (!(await this.#begins())) throw new Error('redis-server ended by itself')
  }

  /** Starts the process and does not wait for it. */
  spawn(args: readonly string[] = []): void {
    this.#process = Bun.spawn(
      [
        'redis-server',
        ...['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#directory, '--save', ''],
        ...this.#args,
        ...args,
      ],
      { stdout: 'ignore', stderr: 'ignore' },
    )
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.#admin?.close()
    this.#admin = undefined
    this.#process?.kill('SIGKILL')
    await this.#process?.exited
    this.#process = undefined
  }

  /** kill -9 and no file left: what comes back knows nothing. */
  async killAndForget(): Promise<void> {
    await this.kill()
    await rm(join(this.#directory, 'appendonlydir'), { recursive: true, force: true })
  }

  /** SIGSTOP: connections stay open and nothing answers. */
  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process?.kill('SIGCONT')
  }

  /** What an operator would type. */
  async command(name: string, ...args: readonly (string | Uint8Array)[]): Promise<RedisReply> {
    this.#admin ??= new RedisClient(this.url, { autoReconnect: false })
    return await this.#admin.send(name, args as string[])
  }

  /** Connections of others than this object. */
  async clientCount(): Promise<number> {
    const list = String(await this.command('CLIENT', 'LIST', 'TYPE', 'normal'))
    return list.trim().split('\n').length - 1
  }

  async close(): Promise<void> {
    this.thaw()
    await this.kill()
    await rm(this.#directory, { recursive: true, force: true })
  }

  /** False where the process ends at once: somebody has taken the port. */
  async #begins(): Promise<boolean> {
    this.spawn()
    const startedAtMs = performance.now()
    for (;;) {
      const isAnswered = await this.#answers()
      if (this.#process?.exitCode !== null) return false
      if (isAnswered) return true
      if (performance.now() - startedAtMs > startMaxMs) throw new Error('redis-server did not start')
      await Bun.sleep(10)
    }
  }

  async #answers(): Promise<boolean> {
    const client = new RedisClient(this.url, { autoReconnect: false, enableOfflineQueue: false })
    try {
      await client.connect()
      await client.send('PING', [])
      return true
    } catch {
      return false
    } finally {
      client.close()
    }
  }
}

/** Below those that a system gives to connections (Linux: from 32,768 on): one of these could have the port while Redis is away. */
const ports = { first: 10_000, count: 22_000 } as const

/** A port that nobody listened on a moment ago. */
export function freePort(): number {
  for (;;) {
    const port = ports.first + Math.floor(Math.random() * ports.count)
    try {
      Bun.listen({ hostname: '127.0.0.1', port, socket: { data: () => undefined } }).stop(true)
      return port
    } catch {
      // Somebody has it.
    }
  }
}

/** Lets time pass for what Redis itself counts down: the records of seen ids. */
export async function ageRedis(server: RedisServer, byMs: number): Promise<void> {
  const script = `
    for _, key in ipairs(redis.call('KEYS', '*:seen:*')) do
      redis.call('PEXPIRE', key, redis.call('PTTL', key) - ARGV[1])
    end`
  await server.command('EVAL', script, '0', String(byMs))
}
