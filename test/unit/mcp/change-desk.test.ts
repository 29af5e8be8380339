import { describe, expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import { createEventBus } from '../../../src/base/event-bus.ts'
import { unrestrictedPolicy } from '../../../src/mcp/auth.ts'
import { ChangeDesk, type MayHear, WatchedResources, WatchedUris } from '../../../src/mcp/change-desk.ts'
import { createOfferIndex } from '../../../src/mcp/offer-index.ts'
import type { ChangeNotice, Principal } from '../../../src/mcp/registry.ts'
import { settle } from '../../support/fake-clock.ts'
import { sketchOffer } from '../../support/mcp-harness.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

const alice: Principal = { name: 'alice', policy: unrestrictedPolicy }
const bob: Principal = { name: 'bob', policy: unrestrictedPolicy }

const index = createOfferIndex(
  sketchOffer({
    resourceTemplates: [
      {
        uriTemplate: 'test://items/{id}',
        name: 'item',
        title: 'Item',
        description: 'By id',
        mimeType: 'text/plain',
        read: () => expect.unreachable(),
      },
    ],
  }),
)

function bench(mayHear: MayHear = () => Promise.resolve(true)) {
  const changes = createEventBus<ChangeNotice>((error) => expect.unreachable(String(error)))
  const log = new RecordingLogger()
  let subscriptions = 0
  const desk = new ChangeDesk({
    changes: {
      subscribe(listener) {
        subscriptions++
        const stop = changes.subscribe(listener)
        return () => {
          subscriptions--
          stop()
        }
      },
    },
    mayHear,
    log,
    index,
  })
  const join = (principal: Principal, wanted: readonly string[] | 'everything') => {
    const heard: ChangeNotice[] = []
    const uris = wanted === 'everything' ? wanted : new WatchedUris(wanted)
    const listener = { principal, uris, hear: (notice: ChangeNotice) => heard.push(notice) }
    desk.add(listener)
    return { heard, uris, leave: () => desk.remove(listener) }
  }
  return { desk, changes, log, join, subscriptions: () => subscriptions }
}

const updated = (uri: string): ChangeNotice => ({ kind: 'resource_updated', uri })

test('each hears of what it watches', async () => {
  const { changes, join } = bench()
  const [one, two] = [join(alice, ['test://items/1']), join(bob, ['test://items/2'])]
  changes.publish(updated('test://items/1'))
  await settle()
  expect([one.heard, two.heard]).toEqual([[updated('test://items/1')], []])
})

test('one for whom somebody else chooses hears of everything', async () => {
  const { changes, join } = bench()
  const all = join(alice, 'everything')
  changes.publish(updated('test://items/1'))
  await settle()
  all.leave()
  changes.publish(updated('test://items/2'))
  await settle()
  expect(all.heard).toEqual([updated('test://items/1')])
})

test('what comes and goes while it listens counts at once, and two watch one resource apart', async () => {
  const { changes, join } = bench()
  const { heard, uris, leave } = join(alice, ['test://items/1'])
  const other = join(bob, ['test://items/1'])
  if (uris === 'everything') return expect.unreachable()
  uris.delete('test://items/1')
  uris.add('test://items/2')
  for (const number of [1, 2]) changes.publish(updated(`test://items/${number}`))
  await settle()
  leave()
  uris.add('test://items/3')
  for (const number of [2, 3]) changes.publish(updated(`test://items/${number}`))
  await settle()
  expect([heard, other.heard]).toEqual([[updated('test://items/2')], [updated('test://items/1')]])
})

test('remembers nothing of who left', () => {
  const { desk, join } = bench()
  const { uris, leave } = join(alice, ['test://items/1', 'test://items/2'])
  const counts = [desk.watchedCount]
  leave()
  counts.push(desk.watchedCount)
  if (uris !== 'everything') uris.add('test://items/3')
  counts.push(desk.watchedCount)
  expect(counts).toEqual([2, 0, 0])
})

test('everybody hears of changed lists', () => {
  const { desk, join } = bench()
  const listeners = [join(alice, []), join(bob, [])]
  desk.announce({ kind: 'tools_changed' })
  expect(listeners.map(({ heard }) => heard)).toEqual([
    [{ kind: 'tools_changed' }],
    [{ kind: 'tools_changed' }],
  ])
})

test('who may not hear of a resource does not, from one notice to the next', async () => {
  let allowed = 'alice'
  const { changes, join } = bench(async ({ name }) => name === allowed)
  const [one, two] = [join(alice, ['test://items/1']), join(bob, ['test://items/1'])]
  changes.publish(updated('test://items/1'))
  await settle()
  allowed = 'bob'
  changes.publish(updated('test://items/1'))
  await settle()
  expect([one.heard.length, two.heard.length]).toEqual([1, 1])
})

test('a check that fails is a no, and is logged', async () => {
  const { changes, join, log } = bench(() => Promise.reject(new Error('Slack is away')))
  const { heard } = join(alice, ['test://items/1'])
  changes.publish(updated('test://items/1'))
  await settle()
  expect(heard).toEqual([])
  expect(log.named('mcp_notice_withheld').map(({ fields }) => fields['principal'])).toEqual(['alice'])
})

test('who left while the check ran hears nothing', async () => {
  const check = Promise.withResolvers<boolean>()
  const { changes, join } = bench(() => check.promise)
  const { heard, leave } = join(alice, ['test://items/1'])
  changes.publish(updated('test://items/1'))
  leave()
  check.resolve(true)
  await settle()
  expect(heard).toEqual([])
})

test('listens to the bus once, and not at all while nobody listens', () => {
  const { join, subscriptions } = bench()
  const counts = [subscriptions()]
  const [one, two] = [join(alice, []), join(bob, [])]
  counts.push(subscriptions())
  one.leave()
  counts.push(subscriptions())
  two.leave()
  two.leave()
  counts.push(subscriptions())
  expect(counts).toEqual([0, 1, 1, 0])
})

describe('watching', () => {
  test('takes up to 200 resources, and one of them again', async () => {
    const watched = new WatchedResources(bench().desk)
    for (let number = 1; number <= 200; number++) await watched.add(`test://items/${number}`, alice)
    await watched.add('test://items/200', alice)
    await expect(watched.add('test://items/201', alice)).rejects.toBeInstanceOf(AppError)
    expect(watched.uris.size).toBe(200)
    watched.remove('test://items/1')
    await watched.add('test://items/201', alice)
    expect(watched.uris.size).toBe(200)
  })

  for (const [what, uri, mayHear] of [
    ['what is not offered', 'test://nowhere', true],
    ['what the principal may not hear of', 'test://items/1', false],
  ] as const)
    test(`refuses ${what} in the same words`, async () => {
      const watched = new WatchedResources(bench(async () => mayHear).desk)
      await expect(watched.add(uri, alice)).rejects.toMatchObject({
        code: 'RESOURCE_NOT_FOUND',
        details: { uri },
      })
      expect(watched.uris.size).toBe(0)
    })
})
