import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RedisClient } from 'bun'
import type { RedisReply } from '../../src/queue/redis-reply.ts'

const installLine = 'apt-get install redis-server'
const startMaxMs = 10_000

/** Registers tests that need a real Redis: skipped by name where none is installed, failed there when REQUIRE_REDIS=1 (CI). */
export function describeWithRedis(name: string, register: () => void): void {
  if (Bun.which('redis-server') !== null) {
    describe(name, register)
  } else if (Bun.env['REQUIRE_REDIS'] === '1') {
    test(`${name}: redis-server is installed (${installLine})`, () => expect.unreachable())
  } else {
    test.skip(`${name}: no redis-server here (${installLine})`, () => undefined)
  }
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
    const server = new RedisServer(freePort(), directory, args)
    await server.begin()
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  get directory(): string {
    return this.#directory
  }

  /** Starts the process on the same port and with the data that is there; resolves when it answers. */
  async begin(): Promise<void> {
    this.spawn()
    const startedAtMs = performance.now()
    while (!(await this.#answers())) {
      if (performance.now() - startedAtMs > startMaxMs) throw new Error('redis-server did not start')
      await Bun.sleep(10)
    }
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

/** A port that nobody listened on a moment ago. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } })
  const { port } = listener
  listener.stop(true)
  return port
}

/** Lets time pass for what Redis itself counts down: the records of seen ids. */
export async function ageRedis(server: RedisServer, byMs: number): Promise<void> {
  const script = `
    for _, key in ipairs(redis.call('KEYS', '*:seen:*')) do
      redis.call('PEXPIRE', key, redis.call('PTTL', key) - ARGV[1])
    end`
  await server.command('EVAL', script, '0', String(byMs))
}
