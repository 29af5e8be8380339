import { expect, test } from 'bun:test'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { createDemoWorkspace } from '../../src/demo/workspace.ts'
import { serveDemoWorkspace } from '../../src/demo/workspace-server.ts'
import { connectMcpClient } from '../../src/mcp/client.ts'
import { derivedToken, startServer, testCredentials } from '../support/binary.ts'
import { describeWithRedis, RedisServer } from '../support/redis-server.ts'
import { startRoundRobin } from '../support/round-robin.ts'
import { eventCallback, signedRequest } from '../support/signed-sender.ts'
import { verifies } from '../support/verifies.ts'

const replicaCount = 3

describeWithRedis('three replicas behind a balancer without affinity', () => {
  /** Three compiled processes, one Redis, one workspace. */
  async function startReplicas() {
    const redis = await RedisServer.start()
    const workspace = createDemoWorkspace({ clock: createSystemClock(), ids: createSystemIds() })
    const slack = serveDemoWorkspace(workspace)
    const env = {
      SLACK_BOT_TOKEN: workspace.botToken,
      SLACK_API_URL: slack.apiUrl,
      QUEUE_BACKEND_TYPE: 'redis',
      REDIS_URL: redis.url,
      MCP_SESSIONS: 'stateless',
    }
    const servers = await Promise.all(Array.from({ length: replicaCount }, () => startServer({ env })))
    const balancer = startRoundRobin(servers.map(({ url }) => url))
    const token = await derivedToken()
    return {
      servers,
      redis,
      workspace,
      url: balancer.url,
      token,
      async [Symbol.asyncDispose]() {
        await balancer.stop()
        for (const { child } of servers) await child[Symbol.asyncDispose]()
        await slack.stop()
        workspace.stop()
        await redis.kill()
      },
    }
  }

  verifies(
    'S44',
    'serve older and newer clients alike, and store an event once whoever takes it',
    async () => {
      await using replicas = await startReplicas()
      const { url, token, workspace, servers, redis } = replicas

      const older = await connectMcpClient({
        url: `${url}/mcp`,
        token,
        transport: 'streamable-http',
        clientVersion: '1',
      })
      const newer = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } })
      const requestInit = { headers: { authorization: `Bearer ${token}` } }
      await newer.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }))
      for (let round = 0; round < 2 * replicaCount; round++) {
        expect(await older.listTools()).toContain('slack_post_message')
        const answer = await older.callTool('slack_post_message', {
          channel: '#general',
          text: `older ${round}`,
        })
        expect(answer.isError).toBe(false)
        const posted = await newer.callTool({
          name: 'slack_post_message',
          arguments: { channel: '#general', text: `newer ${round}` },
        })
        expect(posted.isError ?? false).toBe(false)
      }
      await older.close()
      await newer.close()
      const texts = workspace.messages('general').map((message) => String(message['text']))
      expect(texts.filter((text) => /^(older|newer) \d$/.test(text))).toHaveLength(4 * replicaCount)

      const deliver = (target: string) =>
        fetch(
          signedRequest(eventCallback({ eventId: 'EvSame' }), {
            signingSecret: testCredentials.SLACK_SIGNING_SECRET,
            nowMs: Date.now(),
            url: `${target}/slack/events`,
          }),
        )
      /** As Slack does: again after 503, which is the answer where Redis takes more than a second. */
      const deliverUntilTaken = async (): Promise<number> => {
        const { status } = await deliver(url)
        return status === 503 ? await deliverUntilTaken() : status
      }
      const statuses = await Promise.all(Array.from({ length: 50 }, deliverUntilTaken))
      expect(statuses).toEqual(Array.from({ length: 50 }, () => 200))
      expect(await redis.command('XLEN', 'slack.events')).toBe(1)
      const outcomes = await Promise.all(servers.map(async (server) => acceptedBy(server.url)))
      // None where the one that stored it had given up waiting for Redis to say so.
      expect(outcomes.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(1)
    },
  )

  verifies('S81', 'go on while one of them is killed', async () => {
    await using replicas = await startReplicas()
    const { servers, token } = replicas
    const [first, ...rest] = servers
    first?.child.signal('SIGKILL')
    await first?.child.exited
    const balancer = startRoundRobin(rest.map(({ url }) => url))
    const client = await connectMcpClient({
      url: `${balancer.url}/mcp`,
      token,
      transport: 'streamable-http',
      clientVersion: '1',
    })
    for (let round = 0; round < 4; round++)
      expect((await client.callTool('slack_read_emojis', {})).isError).toBe(false)
    await client.close()
    await balancer.stop()
  })

  test('legacy SSE there says where streamable HTTP is', async () => {
    await using replicas = await startReplicas()
    const headers = { authorization: `Bearer ${replicas.token}` }
    const response = await fetch(`${replicas.url}/mcp/sse`, { headers })
    expect(response.status).toBe(501)
    expect(await response.json()).toMatchObject({
      error: { data: { error: { code: 'MCP_SSE_UNAVAILABLE', details: { path: '/mcp' } } } },
    })
  })
})

/** How many events this replica was the first to store. */
async function acceptedBy(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const line = /slackmcp_events_received_total\{event_type="message",outcome="accepted"\} (\d+)/.exec(text)
  return Number(line?.[1] ?? 0)
}
