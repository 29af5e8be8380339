import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystemClock, sleep } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import { asList, asText } from '../../src/queue/redis-reply.ts'
import { SpoolQueue } from '../../src/queue/spool.ts'
import { topic } from './queue-events.ts'
import { RecordingLogger } from './recording-logger.ts'
import { RecordingMetrics } from './recording-metrics.ts'
import { RedisServer } from './redis-server.ts'

export interface SpoolKillReport {
  readonly rounds: number
  readonly acknowledged: number
  /** Acknowledged and not in Redis in the end. */
  readonly lost: number
  /** In Redis more than once. */
  readonly doubled: number
}

/** The longest time that a process is left at work, milliseconds. Kills come at any moment of it, the first included. */
const lifeMaxMs = 400
/** Every so many rounds Redis is killed as well, in the middle of the life of the process. */
const redisKilledEvery = 3
const pageEntries = 5_000

/** Kills a process that publishes through the spool, `rounds` times over one directory, and now and then Redis, and counts what is there. */
export async function runSpoolKillRounds(rounds: number): Promise<SpoolKillReport> {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'spool-kill-'))
  const redis = await RedisServer.start()
  try {
    const acknowledged = new Set<string>()
    for (let round = 0; round < rounds; round++) {
      const lines = await liveAndDie(redis, stateDirectory, round)
      for (const line of lines) if (line.startsWith('a ')) acknowledged.add(line.slice(2))
    }
    await handOnTheRest(redis, stateDirectory)
    return { rounds, ...(await compare(redis, acknowledged)) }
  } finally {
    await redis.close()
    rmSync(stateDirectory, { recursive: true, force: true })
  }
}

/** One life: starts, works for a random time, is killed. The whole lines that it said. */
async function liveAndDie(
  redis: RedisServer,
  stateDirectory: string,
  round: number,
): Promise<readonly string[]> {
  const args = [redis.url, stateDirectory, `r${round}`, `r${round - 1}`]
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'spool-publisher.ts'), ...args], {
    stdout: 'pipe',
    stderr: 'pipe',
  })
  let text = ''
  let death: Promise<void> | undefined
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if (death === undefined && text.startsWith('ready\n')) death = kill(child, redis, round)
  }
  await child.exited
  if (death === undefined) {
    throw new Error(`The process ended by itself: ${await new Response(child.stderr).text()}`)
  }
  await death
  return text.slice(0, text.lastIndexOf('\n')).split('\n')
}

async function kill(child: Bun.Subprocess, redis: RedisServer, round: number): Promise<void> {
  const clock = createSystemClock()
  const isRedisKilled = round % redisKilledEvery === redisKilledEvery - 1
  await sleep(clock, Math.random() * lifeMaxMs)
  if (isRedisKilled) {
    await redis.kill()
    await sleep(clock, Math.random() * lifeMaxMs)
  }
  child.kill('SIGKILL')
  if (isRedisKilled) await redis.begin()
}

async function handOnTheRest(redis: RedisServer, stateDirectory: string): Promise<void> {
  const clock = createSystemClock()
  const queue = new SpoolQueue(
    {
      redis: { url: new Secret(redis.url), topics: [topic] },
      spool: { directory: join(stateDirectory, 'queue'), pid: process.pid },
    },
    { clock, ids: createSystemIds(), log: new RecordingLogger(), metrics: new RecordingMetrics() },
  )
  await queue.start()
  while (queue.unsentCount > 0) await sleep(clock, 10)
  await queue.stop()
}

async function compare(redis: RedisServer, acknowledged: ReadonlySet<string>) {
  const counts = new Map<string, number>()
  for (let from = '-'; ; ) {
    const page = asList(await redis.command('XRANGE', topic, from, '+', 'COUNT', String(pageEntries)))
    for (const entry of page) {
      const id = asText(asList(asList(entry)[1])[1])
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    if (page.length < pageEntries) break
    from = `(${asText(asList(page.at(-1))[0])}`
  }
  return {
    acknowledged: acknowledged.size,
    lost: [...acknowledged].filter((id) => !counts.has(id)).length,
    doubled: [...counts.values()].filter((count) => count > 1).length,
  }
}
