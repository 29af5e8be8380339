import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cpuSecondsOf, descriptorsOf, residentBytesOf, threadSecondsOf } from '../process-figures.ts'

const startMaxMs = 60_000

export interface ServerCommand {
  readonly command: readonly [string, ...string[]]
  /** The whole environment beside PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>
  /** The origin that it listens on, from a line of its output; undefined for every other line. */
  readonly originIn: (line: string) => string | undefined
}

/** One server under measurement: a process of its own, whose output goes to a file as a service manager's would, and is not read meanwhile. */
export class ServerProcess implements AsyncDisposable {
  readonly origin: string
  /** Of its own, empty at the start: its home. */
  readonly directory: string
  readonly #child: Bun.Subprocess

  private constructor(child: Bun.Subprocess, origin: string, directory: string) {
    this.#child = child
    this.origin = origin
    this.directory = directory
  }

  /** Resolves when it listens. Rejects with what it wrote where it ends before. */
  static async start({ command, env, originIn }: ServerCommand): Promise<ServerProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'bench-server-'))
    const outputPath = join(directory, 'output')
    const output = Bun.file(outputPath)
    await Bun.write(output, '')
    const child = Bun.spawn([...command], {
      cwd: directory,
      env: { PATH: Bun.env['PATH'], HOME: directory, ...env },
      stdout: output,
      stderr: output,
    })
    const startedAtMs = performance.now()
    for (;;) {
      const text = await Bun.file(outputPath).text()
      const origin = text.split('\n').slice(0, -1).map(originIn).find(Boolean)
      if (origin !== undefined) return new ServerProcess(child, origin, directory)
      if (child.exitCode !== null || performance.now() - startedAtMs > startMaxMs) {
        child.kill('SIGKILL')
        await rm(directory, { recursive: true, force: true })
        throw new Error(`${command[0]} did not start:\n${text}`)
      }
      await Bun.sleep(5)
    }
  }

  get pid(): number {
    return this.#child.pid
  }

  /** User and system, all threads, so far. */
  cpuSeconds(): number {
    return cpuSecondsOf(this.pid)
  }

  /** The same to the nanosecond, of the threads that live. */
  threadSeconds(): number {
    return threadSecondsOf(this.pid)
  }

  residentMegabytes(): number {
    return residentBytesOf(this.pid) / 1024 / 1024
  }

  descriptors(): number {
    return descriptorsOf(this.pid)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#child.exited
    await rm(this.directory, { recursive: true, force: true })
  }
}

/** For servers that write nothing but where they listen. */
export function originLine(line: string): string | undefined {
  return line.startsWith('http://') ? line : undefined
}
