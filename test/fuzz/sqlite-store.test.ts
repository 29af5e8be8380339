import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { integer, type SqlDatabase } from '../../src/queue/sqlite-database.ts'
import type { TakenEvent } from '../../src/queue/sqlite-protocol.ts'
import { prepareSchema } from '../../src/queue/sqlite-schema.ts'
import { SqliteStore } from '../../src/queue/sqlite-store.ts'
import { contractLimits } from '../contract/queue-driver.ts'
import { queuedEvent } from '../support/queue-events.ts'

const topics = ['one', 'two'] as const
const groups = ['left', 'right'] as const

const name = fc.record({ topic: fc.constantFrom(...topics), group: fc.constantFrom(...groups) })
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      topic: fc.constantFrom(...topics),
      id: fc.nat(30),
      size: fc.nat(40),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('take' as const),
      name,
      countMax: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      name,
      kind: fc.constantFrom('acknowledged' as const, 'waiting' as const, 'dead' as const, 'dead' as const),
      pick: fc.nat(9),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('takeAgain' as const), name, pick: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('replay' as const), pick: fc.nat(1) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('removeGroup' as const), name, hasMembers: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sweep' as const), afterMs: fc.nat(3_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('damage' as const), pick: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Runs steps against a store and keeps what was handed out. */
class Walk {
  readonly db = new Database(':memory:')
  readonly held = new Map<string, TakenEvent[]>()
  readonly #limits
  nowMs = 1_000
  store: SqliteStore

  constructor(whenFull: 'refuse' | 'drop-oldest') {
    this.#limits = {
      ...contractLimits({ eventsMax: 6, bytesMax: 120, whenFull, deadLettersMax: 3, dedupeWindowMs: 2_000 }),
      retentionMs: 1_500,
    }
    prepareSchema(this.db)
    this.store = new SqliteStore(this.db, this.#limits, this.nowMs)
  }

  run(each: Step): void {
    this.nowMs += 10
    const { nowMs, store } = this
    const commit = (request: Partial<Parameters<SqliteStore['commit']>[0]>) =>
      store.commit({ publishes: [], verdicts: [], takes: [], ...request }, nowMs)
    switch (each.do) {
      case 'publish': {
        const event = queuedEvent({ id: `Ev${each.id}`, topic: each.topic, bytes: new Uint8Array(each.size) })
        commit({ publishes: [event] })
        return
      }
      case 'take': {
        store.openGroup(each.name, nowMs)
        const { taken } = commit({ takes: [{ ...each.name, seqs: [], countMax: each.countMax }] })
        this.#hold(each.name).push(...(taken[0] ?? []))
        return
      }
      case 'takeAgain': {
        const again = this.#hold(each.name)[each.pick]
        if (again !== undefined) commit({ takes: [{ ...each.name, seqs: [again.seq], countMax: 1 }] })
        return
      }
      case 'settle': {
        const hold = this.#hold(each.name)
        const [taken] =
          each.kind === 'waiting' ? hold.slice(each.pick, each.pick + 1) : hold.splice(each.pick, 1)
        if (taken === undefined) return
        const common = { ...each.name, seq: taken.seq, size: taken.event.bytes.byteLength }
        if (each.kind === 'acknowledged') commit({ verdicts: [{ ...common, kind: 'acknowledged' }] })
        else if (each.kind === 'waiting') commit({ verdicts: [{ ...common, kind: 'waiting', tries: 1 }] })
        else commit({ verdicts: [{ ...common, kind: 'dead', attempts: 3, reason: 'Error' }] })
        return
      }
      case 'replay': {
        const letter = topics.flatMap((topic) => store.deadLetters({ topic, limit: 10 }))[each.pick]
        if (letter === undefined) return
        const { event, group } = letter
        store.replay({ topic: event.topic, eventId: event.id, group }, nowMs)
        return
      }
      case 'removeGroup':
        store.removeGroup(each.name, each.hasMembers, nowMs)
        return
      case 'sweep':
        this.nowMs += each.afterMs
        store.sweep(this.nowMs)
        return
      case 'damage':
        this.db.run(
          'UPDATE events SET checksum = checksum + 1 WHERE seq = (SELECT seq FROM events ORDER BY seq LIMIT 1 OFFSET ?)',
          [each.pick],
        )
        return
      case 'reopen':
        this.store = new SqliteStore(this.db, this.#limits, nowMs)
    }
  }

  #hold({ topic, group }: { readonly topic: string; readonly group: string }): TakenEvent[] {
    const key = `${topic} ${group}`
    const hold = this.held.get(key) ?? []
    this.held.set(key, hold)
    return hold
  }
}

/** What the counts must be, by counting rows. */
function recount(db: SqlDatabase): object {
  const topicRows = db.prepare(
    `SELECT topics.name, topics.events, topics.bytes,
       (SELECT count(*) FROM events WHERE events.topic_id = topics.topic_id AND only_group_id IS NULL) AS real_events,
       (SELECT ifnull(sum(size), 0) FROM events WHERE events.topic_id = topics.topic_id AND only_group_id IS NULL) AS real_bytes
     FROM topics`,
  )
  const groupRows = db.prepare(
    `SELECT groups.name, groups.pending, groups.pending_bytes,
       (SELECT count(*) FROM events WHERE events.topic_id = groups.topic_id AND ifnull(only_group_id, group_id) = group_id
          AND (seq > cursor OR seq IN (SELECT seq FROM taken WHERE taken.group_id = groups.group_id))) AS real_pending,
       (SELECT ifnull(sum(size), 0) FROM events WHERE events.topic_id = groups.topic_id AND ifnull(only_group_id, group_id) = group_id
          AND (seq > cursor OR seq IN (SELECT seq FROM taken WHERE taken.group_id = groups.group_id))) AS real_bytes
     FROM groups`,
  )
  const orphans = db.prepare(
    `SELECT (SELECT count(*) FROM taken WHERE seq NOT IN (SELECT seq FROM events)) AS without_event,
            (SELECT count(*) FROM taken WHERE group_id NOT IN (SELECT group_id FROM groups)) AS without_group,
            (SELECT count(*) FROM events WHERE only_group_id IS NOT NULL AND only_group_id NOT IN (SELECT group_id FROM groups)) AS for_no_group`,
  )
  return {
    wrongTopics: topicRows
      .all()
      .filter((row) => row['events'] !== row['real_events'] || row['bytes'] !== row['real_bytes']),
    wrongGroups: groupRows
      .all()
      .filter((row) => row['pending'] !== row['real_pending'] || row['pending_bytes'] !== row['real_bytes']),
    orphans: orphans.get(),
    tooMany: topicRows.all().filter((row) => integer(row, 'events') > 6 || integer(row, 'bytes') > 120),
  }
}

const waitMaxMs = 60_000

for (const whenFull of ['refuse', 'drop-oldest'] as const) {
  test(
    `the counts of the store are those of its rows, whatever happened (${whenFull})`,
    () => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
          const walk = new Walk(whenFull)
          try {
            for (const each of steps) {
              walk.run(each)
              expect(recount(walk.db)).toEqual({
                wrongTopics: [],
                wrongGroups: [],
                orphans: { without_event: 0, without_group: 0, for_no_group: 0 },
                tooMany: [],
              })
            }
          } finally {
            walk.db.close()
          }
        }),
        { numRuns: 100 },
      )
    },
    waitMaxMs,
  )
}
