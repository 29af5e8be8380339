import { unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installPeers, peerPath } from '../peers.ts'

/** Requests as they go over the wire, all of one length. */
export interface LoadFile extends AsyncDisposable {
  readonly path: string
  readonly requestBytes: number
  readonly count: number
}

export interface Load {
  readonly origin: string
  readonly file: LoadFile
  readonly connections: number
  readonly seconds: number
  /** Stands in every right answer. */
  readonly marker?: string
}

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  /** Answers that are no 2xx or 3xx or lack the marker, and what got none. */
  readonly errors: number
  /** There were too few requests for the time, so that the rate is too low. */
  readonly isExhausted: boolean
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Writes requests for one load. Throws RangeError where they differ in length. */
export async function writeRequests(count: number, make: (index: number) => string): Promise<LoadFile> {
  const requestBytes = Buffer.byteLength(make(0))
  const bytes = Buffer.allocUnsafe(requestBytes * count)
  for (let index = 0; index < count; index++) {
    if (bytes.write(make(index), index * requestBytes, 'latin1') !== requestBytes)
      throw new RangeError('All requests of a load have one length')
  }
  const path = join(tmpdir(), `bench-requests-${crypto.randomUUID()}`)
  await Bun.write(path, bytes)
  return { path, requestBytes, count, [Symbol.asyncDispose]: () => unlink(path) }
}

/** The generator of loads, as the report names it. */
export function loadGenerator(): 'wrk' | 'autocannon' {
  return Bun.which('wrk') === null ? 'autocannon' : 'wrk'
}

/** Sends requests from a process of its own until the time is over or there are none left. */
export async function generateLoad(load: Load): Promise<LoadResult> {
  const command = loadGenerator() === 'wrk' ? wrkCommand(load) : await autocannonCommand(load)
  const child = Bun.spawn([...command], { stdout: 'pipe', stderr: 'inherit' })
  const lines = (await new Response(child.stdout).text()).trim().split('\n')
  if ((await child.exited) !== 0) throw new Error(`${command[0]} failed:\n${lines.join('\n')}`)
  return JSON.parse(lines.at(-1) ?? '') as LoadResult
}

/** One thread: it is enough for what one server process answers, and leaves it the other core. */
function wrkCommand({ origin, file, connections, seconds, marker }: Load): readonly string[] {
  const script = join(import.meta.dir, 'wrk-requests.lua')
  const options = ['-t1', `-c${connections}`, `-d${Math.ceil(seconds)}s`, '--timeout', '10s', '-s', script]
  const given = [file.path, String(file.requestBytes), ...(marker === undefined ? [] : [marker])]
  return ['wrk', ...options, origin, '--', ...given]
}

async function autocannonCommand({
  origin,
  file,
  connections,
  seconds,
  marker,
}: Load): Promise<readonly string[]> {
  await installPeers()
  const options = { origin, path: file.path, requestBytes: file.requestBytes, connections, seconds, marker }
  return ['node', peerPath('send-requests.mjs'), JSON.stringify(options)]
}

/** How many requests a load gets, from what was seen before: enough for its time, with room for a server that has become faster. */
export class LoadSize {
  #perSecond: number

  /** `perSecond` until something is known. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  requestsFor(seconds: number): number {
    return Math.ceil(this.#perSecond * seconds * 1.5)
  }

  /** Runs loads, each twice as large, until one lasts for its time. */
  async untilWhole<Result extends LoadResult>(run: () => Promise<Result>): Promise<Result> {
    for (;;) {
      const result = await run()
      if (!result.isExhausted) {
        this.#perSecond = Math.max(this.#perSecond, result.requests / result.seconds)
        return result
      }
      this.#perSecond *= 2
    }
  }
}
