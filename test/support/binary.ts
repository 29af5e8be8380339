import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { secretsIn } from './secret-canaries.ts'

/** The compiled binary as a child process: what users run is what end-to-end tests run. */

const root = join(import.meta.dir, '..', '..')
export const binaryPath = join(root, 'dist', 'slack-integrated-server')

/** Everything that goes into the binary. */
const sources = ['src', 'scripts/build.ts', 'package.json', 'bun.lock', 'tsconfig.json']

/** How long a line may take to appear; a machine under load starts in a second, not in 80 ms. */
const lineDeadlineMs = 20_000
/** How long a drained stop may take before the child is killed: longer than the 10 s that the server promises. */
const stopDeadlineMs = 15_000

/** While this module loads, and not in the first test that needs it: a build takes longer than a test may. */
if (isStale()) await build()

function isStale(): boolean {
  const builtAtMs = modifiedAtMs(binaryPath)
  return sources.some((path) => newestIn(join(root, path)) > builtAtMs)
}

function newestIn(path: string): number {
  if (!statSync(path).isDirectory()) return modifiedAtMs(path)
  return Math.max(...readdirSync(path).map((name) => newestIn(join(path, name))))
}

function modifiedAtMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

async function build(): Promise<void> {
  const run = Bun.spawn([process.execPath, 'scripts/build.ts'], {
    cwd: root,
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const problems = await new Response(run.stderr).text()
  if ((await run.exited) !== 0) throw new Error(`The binary could not be built:\n${problems}`)
}

export interface BinaryOptions {
  readonly args?: readonly string[]
  /** The whole environment beside PATH and HOME: nothing of the one that runs the tests gets in. */
  readonly env?: Readonly<Record<string, string>>
  /** Default: a fresh empty directory, removed afterwards. */
  readonly cwd?: string
  /** Given at once, then closed. Default: an input that stays open and silent. */
  readonly input?: string
}

/** Credentials that pass every check of their form and belong to nobody. */
export const testCredentials = {
  SLACK_BOT_TOKEN: 'xoxb-111111111111-222222222222-abcdefghijklmnopqrstuvwx',
  SLACK_SIGNING_SECRET: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
} as const

export interface FinishedRun {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the binary to its end. */
export async function runBinary(options: BinaryOptions = {}): Promise<FinishedRun> {
  await using child = spawnBinary(options)
  const exitCode = await child.exited
  await child.closed
  return { exitCode, stdout: child.stdout.text, stderr: child.stderr.text }
}

/** The bearer token that a server with the credentials of the tests derives, as `token` prints it. */
export async function derivedToken(): Promise<string> {
  return (await runBinary({ args: ['token'], env: testCredentials })).stdout.trim()
}

export interface RunningServer {
  readonly child: BinaryProcess
  readonly port: number
  /** Without a trailing slash. */
  readonly url: string
}

/** Starts `serve` on a free port of loopback and waits for its start line. Whoever starts it disposes of `child`. */
export async function startServer(options: BinaryOptions = {}): Promise<RunningServer> {
  const env = { ...testCredentials, PORT: '0', LOG_FORMAT: 'json', ...options.env }
  const child = spawnBinary({ ...options, env })
  try {
    const line = await child.stdout.find((text) => text.includes('"msg":"server_started"'))
    const { port, url }: { port: number; url: string } = JSON.parse(line)
    return { child, port, url }
  } catch (error) {
    await child[Symbol.asyncDispose]()
    throw new Error(`The server did not start: ${child.stderr.text}${child.stdout.text}`, { cause: error })
  }
}

export function spawnBinary(options: BinaryOptions = {}): BinaryProcess {
  return new BinaryProcess(binaryPath, options)
}

/**
 * One running child. `await using` kills it whatever happens to the test, and fails the test where the child has written a secret that is in its
 * environment.
 */
export class BinaryProcess {
  readonly stdout: OutputText
  readonly stderr: OutputText
  /** The directory it runs in. */
  readonly cwd: string
  /** The exit code, or 128 + the number of the signal that ended it. */
  readonly exited: Promise<number>
  /** Resolves once both outputs have been read to their end. */
  readonly closed: Promise<void>
  readonly #process: Bun.Subprocess<'pipe', 'pipe', 'pipe'>
  readonly #ownsCwd: boolean
  readonly #args: readonly string[]
  readonly #env: Readonly<Record<string, string>>

  constructor(path: string, { args = [], env = {}, cwd, input }: BinaryOptions) {
    this.#ownsCwd = cwd === undefined
    this.#args = args
    this.#env = env
    this.cwd = cwd ?? mkdtempSync(join(tmpdir(), 'slack-integrated-server-'))
    this.#process = Bun.spawn([path, ...args], {
      cwd: this.cwd,
      env: { PATH: '/usr/bin:/bin', HOME: this.cwd, ...env },
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    if (input !== undefined) {
      this.#process.stdin.write(input)
      void this.#process.stdin.end()
    }
    this.stdout = new OutputText(this.#process.stdout)
    this.stderr = new OutputText(this.#process.stderr)
    this.exited = this.#process.exited
    this.closed = Promise.all([this.stdout.ended, this.stderr.ended]).then(() => undefined)
  }

  get pid(): number {
    return this.#process.pid
  }

  /** Standard input: for `stdio`. */
  write(text: string): void {
    this.#process.stdin.write(text)
    this.#process.stdin.flush()
  }

  closeInput(): void {
    void this.#process.stdin.end()
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name)
  }

  /** SIGTERM, then the exit code; SIGKILL (137) where that takes too long. */
  async stop(): Promise<number> {
    this.signal('SIGTERM')
    const killer = setTimeout(() => this.signal('SIGKILL'), stopDeadlineMs)
    try {
      return await this.exited
    } finally {
      clearTimeout(killer)
    }
  }

  /** Resident memory now, in bytes, by /proc. */
  async residentBytes(): Promise<number> {
    const status = await Bun.file(`/proc/${this.pid}/status`).text()
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1_024
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGKILL')
    await this.exited
    if (this.#ownsCwd) rmSync(this.cwd, { recursive: true, force: true })
    this.#expectNoSecrets()
  }

  #expectNoSecrets(): void {
    // Showing the configured token is what `token` is for.
    const said = this.#args[0] === 'token' ? this.stderr.text : this.stdout.text + this.stderr.text
    const found = secretsIn(said, this.#env)
    if (found.length > 0)
      throw new Error(`"${this.#args.join(' ')}" wrote the value of ${found.join(' and of ')}`)
  }
}

/** What a child wrote so far, and a way to wait for a line of it. */
class OutputText {
  text = ''
  readonly ended: Promise<void>
  readonly #listeners = new Set<() => void>()

  constructor(stream: ReadableStream<Uint8Array>) {
    this.ended = this.#read(stream)
  }

  /** The whole lines so far. */
  get lines(): readonly string[] {
    return this.text.split('\n').slice(0, -1)
  }

  /** Whole lines that are JSON objects with this `msg`. */
  logged(event: string): readonly Readonly<Record<string, unknown>>[] {
    return this.lines
      .filter((line) => line.includes(`"msg":"${event}"`))
      .map((line): Record<string, unknown> => JSON.parse(line))
  }

  /** The first whole line that `isWanted`, now or when it comes. Rejects when the output ends or too much time passes. */
  async find(isWanted: (line: string) => boolean): Promise<string> {
    const waiting = Promise.withResolvers<string>()
    const look = () => {
      const line = this.lines.find(isWanted)
      if (line !== undefined) waiting.resolve(line)
    }
    const timer = setTimeout(
      () => waiting.reject(new Error(`No such line in time:\n${this.text}`)),
      lineDeadlineMs,
    )
    this.#listeners.add(look)
    void this.ended.then(() => {
      look()
      waiting.reject(new Error(`The output ended without such a line:\n${this.text}`))
    })
    look()
    try {
      return await waiting.promise
    } finally {
      clearTimeout(timer)
      this.#listeners.delete(look)
    }
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder()
    for await (const chunk of stream) {
      this.text += decoder.decode(chunk, { stream: true })
      for (const look of this.#listeners) look()
    }
  }
}
