import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RedisServer } from '../../support/redis-server.ts'
import type { BenchCase, ReportLine } from '../bench-case.ts'
import { compareSpeed, runContest } from '../contest.ts'
import { startBareWebhook, startEmbeddedWebhook, type WebhookServer } from '../servers/webhook-servers.ts'
import { summarize } from '../statistics.ts'
import { webhookContender } from './webhook-contender.ts'

const bare = 'bare Bun.serve, keeps nothing'
const durable = {
  'SQLite, handler in the process': () => startOver({ hasState: true, hasRedis: false }),
  'spool before Redis, handler in the process': () => startOver({ hasState: true, hasRedis: true }),
  'Redis, handler in the process': () => startOver({ hasState: false, hasRedis: true }),
}

export const webhookDurable: BenchCase = {
  title: 'Webhook, kept durably',
  method:
    'The same load, answered once the event is on disk: SQLite with a commit that is synced; the spool, which is that in front of a Redis; and Redis alone with appendfsync always. Every event is handled in the process of an embedder and acknowledged, which is written too. CPU is that of the server process; Redis is a process of its own. Beside it the same bare server, and what one write and fdatasync of 4 KB takes in the folder where the files are.',
  profileShows:
    'The work of the webhook in memory is done here too; beside it events are packed for the thread that writes, which stores, hands out and acknowledges each in SQLite, a second core’s work on a machine whose two cores the load generator and Redis share. The sync itself is shared by what waits together.',
  async run(context) {
    const contest = await runContest(
      [
        ...Object.entries(durable).map(([name, start]) => webhookContender(name, start)),
        webhookContender(bare, startBareWebhook),
      ],
      context,
    )
    return {
      rounds: contest.rounds,
      lines: [...contest.lines, measureSync()],
      comparisons: Object.keys(durable).flatMap((of) =>
        compareSpeed(contest, { of, to: bare, goal: { atLeast: 0.6 } }),
      ),
    }
  },
}

/** A server with a directory and a Redis of its own, as it needs them. */
async function startOver({
  hasState,
  hasRedis,
}: {
  readonly hasState: boolean
  readonly hasRedis: boolean
}): Promise<WebhookServer> {
  await using stack = new AsyncDisposableStack()
  const settings: Record<string, string> = { QUEUE_BACKEND_TYPE: hasRedis ? 'redis' : 'sqlite' }
  if (hasState) {
    const directory = await mkdtemp(join(tmpdir(), 'bench-state-'))
    stack.defer(() => rm(directory, { recursive: true, force: true }))
    settings['STATE_DIR'] = directory
  }
  if (hasRedis) {
    const redis = await RedisServer.start()
    stack.defer(() => redis.close())
    settings['REDIS_URL'] = redis.url
  }
  const target = stack.use(await startEmbeddedWebhook(settings))
  const owned = stack.move()
  return { ...target, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const syncCount = 200
const syncBytes = 4096

/** What the disk takes at least for each commit that nobody shares. */
function measureSync(): ReportLine {
  const path = join(tmpdir(), `bench-sync-${crypto.randomUUID()}`)
  const descriptor = openSync(path, 'w')
  try {
    const page = Buffer.alloc(syncBytes, 'x')
    const tookMs = Array.from({ length: syncCount }, () => {
      const startedAtMs = performance.now()
      writeSync(descriptor, page)
      fdatasyncSync(descriptor)
      return performance.now() - startedAtMs
    })
    return { name: 'write and fdatasync of 4 KB', figures: { p50Ms: summarize(tookMs) } }
  } finally {
    closeSync(descriptor)
    void rm(path, { force: true })
  }
}
