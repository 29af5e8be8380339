import { describe, expect } from 'bun:test'
import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { createDemoWorkspace } from '../../src/demo/workspace.ts'
import { serveDemoWorkspace } from '../../src/demo/workspace-server.ts'
import { connectMcpClient } from '../../src/mcp/client.ts'
import { derivedToken, runBinary, startServer, testCredentials } from '../support/binary.ts'
import { renderFile } from '../support/deploy-files.ts'
import { describeWithRedis, RedisServer } from '../support/redis-server.ts'
import { eventCallback, signedRequest } from '../support/signed-sender.ts'
import { verifies } from '../support/verifies.ts'

const callCount = 50

/** Starts the binary before a workspace, uses both halves of it by every door, and says what memory that took. */
async function useBothHalves(more: Readonly<Record<string, string>> = {}): Promise<number> {
  const workspace = createDemoWorkspace({ clock: createSystemClock(), ids: createSystemIds() })
  const slack = serveDemoWorkspace(workspace)
  try {
    const env = { SLACK_BOT_TOKEN: workspace.botToken, SLACK_API_URL: slack.apiUrl, ...more }
    const { child, url } = await startServer({ env })
    await using server = child
    const token = await derivedToken()
    for (const transport of ['sse', 'streamable-http'] as const) {
      const client = await connectMcpClient({ url: `${url}/mcp`, token, transport, clientVersion: '1' })
      for (let index = 0; index < callCount; index++) {
        const said = { channel: '#general', text: `${transport} ${index}` }
        expect((await client.callTool('slack_post_message', said)).isError).toBe(false)
      }
      await client.close()
    }
    for (let index = 0; index < callCount; index++) {
      const { status } = await fetch(
        signedRequest(eventCallback({ eventId: `Ev${index}` }), {
          signingSecret: testCredentials.SLACK_SIGNING_SECRET,
          nowMs: Date.now(),
          url: `${url}/slack/events`,
        }),
      )
      expect(status).toBe(200)
    }
    const texts = workspace.messages('general').map(({ text }) => String(text))
    expect(texts.filter((text) => /^(sse|streamable-http) \d+$/.test(text))).toHaveLength(2 * callCount)
    return await server.residentBytes()
  } finally {
    await slack.stop()
    workspace.stop()
  }
}

describe('one process', () => {
  verifies('S97', 'serves SSE, streamable HTTP and the webhook with its queue in memory', async () => {
    await useBothHalves()
  })

  verifies('S77', 'does that within the memory that the manifest for Kubernetes gives it', async () => {
    const limit = /limits: \{ memory: (\d+)Mi \}/.exec(renderFile('kubernetes'))?.[1]
    expect(await useBothHalves()).toBeLessThan(Number(limit) * 1024 * 1024)
  })

  verifies(
    'S99',
    'is asked for its health by the binary itself, with no shell and no other program',
    async () => {
      const { child, port } = await startServer()
      await using server = child
      const ask = () => runBinary({ args: ['healthcheck', 'livez'], env: { PORT: String(port), PATH: '' } })
      expect((await ask()).exitCode).toBe(0)
      expect(await server.stop()).toBe(0)
      expect((await ask()).exitCode).not.toBe(0)
    },
  )
})

describeWithRedis('with Redis', () => {
  verifies(
    'S97',
    'one process serves SSE, streamable HTTP and the webhook with its queue there',
    async () => {
      const redis = await RedisServer.start()
      try {
        await useBothHalves({ QUEUE_BACKEND_TYPE: 'redis', REDIS_URL: redis.url })
        expect(await redis.command('XLEN', 'slack.events')).toBe(callCount)
      } finally {
        await redis.kill()
      }
    },
  )
})
