import { expect } from 'bun:test'
import { type BigWorkspace, startBigWorkspace } from '../support/big-workspace.ts'
import { derivedToken, startServer } from '../support/binary.ts'
import { realisticHistory } from '../support/realistic-history.ts'
import { verifies } from '../support/verifies.ts'

/** Half of what a crawl of the workspace costs (160 MB, slack-mcp-server 1.3.0, measured). */
const growthMax = 80e6

verifies(
  'tools:resident',
  'the first read by name among 20,000 people costs the memory of no crawl',
  async () => {
    const small = await residentAfterRead({ userCount: 50, channelCount: 20 }, '#channel-00019')
    const big = await residentAfterRead({ userCount: 20_000, channelCount: 5_000 }, '#channel-04999')
    expect(big - small).toBeLessThan(growthMax)
  },
)

async function residentAfterRead(
  sizes: { readonly userCount: number; readonly channelCount: number },
  channel: string,
): Promise<number> {
  const messages = realisticHistory(100, 30, (index) => `U${String(index).padStart(6, '0')}`)
  const workspace: BigWorkspace = startBigWorkspace({ ...sizes, latencyMs: 0, messages })
  try {
    const env = { SLACK_API_URL: workspace.apiUrl, MCP_TRANSPORT: 'streamable-http' }
    const { child, url } = await startServer({ env })
    await using server = child
    const answer = await fetch(`${url}/call_tool`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await derivedToken()}` },
      body: JSON.stringify({ name: 'slack_read_channel_messages', arguments: { channel } }),
    })
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining(channel)])
    return await server.residentBytes()
  } finally {
    await workspace.stop()
  }
}
