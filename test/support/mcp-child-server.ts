// A server in a process of its own, whose memory a test can look at without its own. Prints its origin; for every line on its input, how much
// memory it holds and how often the tool `chatter` spoke.
import { Type } from '@sinclair/typebox'
import { sketchOffer, sketchTool, startMcp } from './mcp-harness.ts'

const kibibytes64 = 'x'.repeat(64 * 1024)
let said = 0

/** Says 256 MiB, unless it is stopped before. */
const chatter = sketchTool({
  name: 'chatter',
  input: Type.Object({}),
  async run(_, { tell, signal }) {
    for (said = 0; said < 4096 && !signal.aborted; said++) {
      tell?.('info', kibibytes64)
      if (said % 16 === 0) await Bun.sleep(0)
    }
    return 'done'
  },
})

const mcp = startMcp({ offer: sketchOffer({ tools: [chatter] }) })
process.stdout.write(`${mcp.origin}\n`)
for await (const _ of Bun.stdin.stream()) {
  // What the test's own recorders keep is not the server's.
  mcp.log.lines.length = 0
  mcp.metrics.records.length = 0
  Bun.gc(true)
  const { callsInFlight, streamableSessions } = mcp.plugin.counts()
  const rss = process.memoryUsage.rss()
  process.stdout.write(`${JSON.stringify({ rss, said, callsInFlight, streamableSessions })}\n`)
}
