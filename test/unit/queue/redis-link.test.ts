import { expect, test } from 'bun:test'
import type { Clock } from '../../../src/base/clock.ts'
import type { RedisConnection } from '../../../src/queue/redis-connection.ts'
import { RedisFailure } from '../../../src/queue/redis-failure.ts'
import { RedisLink } from '../../../src/queue/redis-link.ts'
import type { RedisReply } from '../../../src/queue/redis-reply.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** A link whose commands the test answers, in a process that stands still when told to. */
function createLink() {
  const fake = new FakeClock()
  let lateMs = 0
  const clock: Clock = {
    now: () => fake.now(),
    monotonic: () => fake.monotonic() + lateMs,
    schedule: (delayMs, run) => fake.schedule(delayMs, run),
  }
  const replies: PromiseWithResolvers<RedisReply>[] = []
  const connection: RedisConnection = {
    closed: new Promise(() => undefined),
    send() {
      const reply = Promise.withResolvers<RedisReply>()
      replies.push(reply)
      return reply.promise
    },
    close() {
      for (const { reject } of replies.splice(0)) reject(new Error('closed'))
    },
  }
  const link = new RedisLink(connection, clock)
  const send = () => {
    const outcome = { is: 'open' }
    link.send('GET', [], 1_000).then(
      (reply) => {
        outcome.is = String(reply)
      },
      (error: unknown) => {
        outcome.is = error instanceof RedisFailure ? error.kind : 'thrown'
      },
    )
    return outcome
  }
  /** The timer that is due in `dueInMs` runs a minute late. */
  const standStill = async (dueInMs: number) => {
    lateMs += 60_000
    await fake.advance(dueInMs)
  }
  return { send, standStill, answer: () => replies.shift()?.resolve('here') }
}

test('a reply that came while this process stood still is taken, though it is overdue', async () => {
  const { send, standStill, answer } = createLink()
  const outcome = send()
  await standStill(1_000)
  expect(outcome.is).toBe('open')
  answer()
  await standStill(100)
  expect(outcome.is).toBe('here')
})

test('a Redis that has said nothing since is given up, however often this process stands still', async () => {
  const { send, standStill } = createLink()
  const outcome = send()
  await standStill(1_000)
  await standStill(100)
  expect(outcome.is).toBe('timeout')
})
