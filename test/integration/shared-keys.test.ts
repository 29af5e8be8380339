import { afterEach, beforeEach, expect, test } from 'bun:test'
import { isObject } from '../../src/base/json-object.ts'
import { idempotencyTtlMs } from '../../src/tools/idempotency.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { until } from '../support/redis-bench.ts'
import { RedisProxy } from '../support/redis-proxy.ts'
import { describeWithRedis, RedisServer } from '../support/redis-server.ts'
import { verifies } from '../support/verifies.ts'

const post = { channel: '#general', text: 'a canary for the key', idempotency_key: 'report-1' }

describeWithRedis('Idempotency keys in Redis', () => {
  let redis: RedisServer
  const running: { stop(): unknown }[] = []
  /** Calls of chat.postMessage that reached Slack, of all replicas. */
  let postCount = 0
  /** What Slack does before it answers one. */
  let beforeAnswer: () => Promise<void>

  beforeEach(async () => {
    redis = await RedisServer.start()
    postCount = 0
    beforeAnswer = async () => undefined
  })
  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.stop()))
    await redis.close()
  })

  async function startReplica(address = redis.url, config: object = {}): Promise<AppFixture> {
    const replica: AppFixture = await startApp({
      config: {
        queueBackendType: 'redis',
        redisUrl: address,
        mcpTransport: 'streamable-http',
        ...config,
      },
      async fetch(url, init) {
        if (url.endsWith('/chat.postMessage')) {
          postCount++
          await beforeAnswer()
        }
        return await replica.workspace.handle(new Request(url, init))
      },
    })
    running.push(replica)
    return replica
  }

  /** The structured result, or the unified error. */
  async function call(replica: AppFixture, args: object, tool = 'slack_post_message') {
    const response = await replica.authorized('/call_tool', { name: tool, arguments: args })
    const body: unknown = await response.json()
    if (!isObject(body)) throw new TypeError('The answer is no object')
    return body['structuredContent'] ?? body
  }

  const records = async () => {
    const names = await redis.command('KEYS', '*:writes:*')
    if (!Array.isArray(names)) throw new TypeError('KEYS answered no list')
    return names.map(String)
  }

  /** Waits until Redis is there again and says that the key is taken by a write of which nobody knows the outcome. */
  const untilTaken = (replica: AppFixture) =>
    until('the key is taken', async () => {
      const outcome = await call(replica, post)
      if (!isObject(outcome) || !isObject(outcome['error'])) throw new TypeError('The call went through')
      return outcome['error']['code'] === 'SLACK_OUTCOME_UNKNOWN'
    })

  verifies(
    'tools:idempotency:shared',
    'send once whichever replica is asked, also after all of them were restarted, and hold nothing of what was said',
    async () => {
      const [first, second] = [await startReplica(), await startReplica()]
      const outcome = await call(first, post)
      expect(outcome).toMatchObject({ channel: expect.any(String), ts: expect.any(String) })
      expect(await call(second, post)).toEqual(outcome)
      await Promise.all(running.splice(0).map((server) => server.stop()))
      expect(await call(await startReplica(), post)).toEqual(outcome)
      expect(postCount).toBe(1)

      const [record = '', ...others] = await records()
      expect(others).toEqual([])
      expect(record).toMatch(/^slack\.events:writes:\{slack\.events\}:[0-9a-f]{64}$/)
      expect(String(await redis.command('GET', record))).not.toContain('canary')
      const leftMs = Number(await redis.command('PTTL', record))
      expect(leftMs).toBeLessThanOrEqual(idempotencyTtlMs)
      expect(leftMs).toBeGreaterThan(idempotencyTtlMs - 3_600_000)
    },
  )

  verifies(
    'tools:idempotency:shared',
    'of calls at the same moment on two replicas let one through and tell the others',
    async () => {
      const replicas = [await startReplica(), await startReplica()]
      const { promise: refused, resolve: refuse } = Promise.withResolvers<void>()
      beforeAnswer = () => refused
      const asked = Array.from({ length: 6 }, async (_, index) => {
        const replica = replicas[index % 2]
        if (replica === undefined) throw new TypeError('There is no such replica')
        const outcome = await call(replica, post)
        // The one that was let through is answered once another has been told.
        if (isObject(outcome) && 'error' in outcome) refuse()
        return outcome
      })
      const outcomes = await Promise.all(asked)
      const told = outcomes.filter((outcome) => isObject(outcome) && 'error' in outcome)
      expect(told).toHaveLength(5)
      expect(told[0]).toMatchObject({
        error: {
          code: 'SLACK_OUTCOME_UNKNOWN',
          details: { hint: expect.stringContaining('still under way') },
        },
      })
      expect(postCount).toBe(1)
    },
  )

  verifies(
    'tools:idempotency:redis-away',
    'cannot be checked while Redis is away: nothing is sent, calls without a key go on, and it is over when Redis is back',
    async () => {
      const replica = await startReplica(redis.url, { webhookEnabled: false })
      await call(replica, post)
      await redis.kill()
      await until('the key is refused', async () => {
        const outcome = await call(replica, { ...post, idempotency_key: 'report-2' })
        expect(outcome).toMatchObject({
          error: { code: 'IDEMPOTENCY_UNAVAILABLE', component: 'mcp', details: { backend: 'redis' } },
        })
        return true
      })
      expect(postCount).toBe(1)
      const { idempotency_key: _, ...without } = post
      expect(await call(replica, without)).toMatchObject({ ts: expect.any(String) })
      await redis.begin()
      await until('the key is taken', async () => {
        const outcome = await call(replica, { ...post, idempotency_key: 'report-2' })
        return isObject(outcome) && !('error' in outcome)
      })
      expect(await call(replica, post)).toMatchObject({ ts: expect.any(String) })
      expect(postCount).toBe(3)
    },
  )

  test('are not given their outcome while Redis is away: the message counts as sent, and a repetition is told to look', async () => {
    const replica = await startReplica(redis.url, { webhookEnabled: false })
    beforeAnswer = () => redis.kill()
    expect(await call(replica, post)).toMatchObject({ ts: expect.any(String) })
    expect(replica.log.named('mcp_idempotency_unsettled')).toHaveLength(1)
    await redis.begin()
    await untilTaken(replica)
    expect(postCount).toBe(1)
  })

  test('whose claim is answered to nobody send nothing', async () => {
    const proxy = await RedisProxy.start(redis.port)
    running.push({ stop: () => proxy.close() })
    const replica = await startReplica(proxy.url, { webhookEnabled: false })
    proxy.judge = (request) => (request.includes('$2\r\nNX\r\n') ? 'lose' : 'pass')
    expect(await call(replica, post)).toMatchObject({ error: { code: 'IDEMPOTENCY_UNAVAILABLE' } })
    expect(proxy.lostCount).toBe(1)
    proxy.judge = () => 'pass'
    await untilTaken(replica)
    expect(postCount).toBe(0)
  })

  test('of a refused write are given back, and a record of somebody else counts as an unknown outcome', async () => {
    const replica = await startReplica()
    const nowhere = { ...post, channel: 'C0000000000' }
    expect(await call(replica, nowhere)).toMatchObject({ error: { code: 'SLACK_REFUSED' } })
    expect(await records()).toEqual([])
    await call(replica, post)
    const [record = ''] = await records()
    for (const text of ['', 'not JSON', '[]', '{"state":"done"}', '{"fingerprint":"x","state":"maybe"}']) {
      await redis.command('SET', record, text)
      expect(await call(replica, post)).toMatchObject({ error: { code: 'SLACK_OUTCOME_UNKNOWN' } })
    }
    expect(postCount).toBe(2)
  })

  test('need no connection before the first of them', async () => {
    const replica = await startReplica(redis.url, { webhookEnabled: false })
    const { idempotency_key: _, ...without } = post
    await call(replica, without)
    expect(await redis.clientCount()).toBe(0)
    await call(replica, post)
    expect(await redis.clientCount()).toBe(1)
    await replica.stop()
    await until('the connection is gone', async () => (await redis.clientCount()) === 0)
  })
})
