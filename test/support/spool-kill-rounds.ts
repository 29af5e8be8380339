import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystemClock, sleep } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import { asList, asText } from '../../src/queue/redis-reply.ts'
import { SpoolQueue } from '../../src/queue/spool.ts'
import { boundless, type KillGoal, lifeMaxMs, liveAndDie } from './killed-publisher.ts'
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

/** Every so many rounds Redis is killed as well, in the middle of the life of the process. */
const redisKilledEvery = 3
const pageEntries = 5_000

/** Kills a process that publishes through the spool, again and again over one directory, and now and then Redis, and counts what is there. */
export async function runSpoolKillRounds(goal: KillGoal): Promise<SpoolKillReport> {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'spool-kill-'))
  const redis = await RedisServer.start()
  const options = {
    backend: 'redis',
    redis: { url: redis.url, topics: [topic], limits: boundless },
    spool: { stateDirectory, pid: process.pid },
  }
  try {
    const acknowledged = new Set<string>()
    let round = 0
    for (; round < goal.rounds || acknowledged.size < (goal.events ?? 0); round++) {
      const lines = await liveAndDie(options, round, (child) => kill(child, redis, round))
      for (const line of lines) if (line.startsWith('a ')) acknowledged.add(line.slice(2))
    }
    await handOnTheRest(redis, stateDirectory)
    return { rounds: round, ...(await compare(redis, acknowledged)) }
  } finally {
    await redis.close()
    rmSync(stateDirectory, { recursive: true, force: true })
  }
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
      redis: { url: new Secret(redis.url), topics: [topic], limits: boundless },
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
