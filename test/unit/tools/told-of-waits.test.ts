import { expect } from 'bun:test'
import { createToolBench } from '../../support/tool-bench.ts'
import { verifies } from '../../support/verifies.ts'

for (const [waitMs, told] of [
  [999, []],
  [1000, ['warning: Slack limits conversations.list: waiting 1 s']],
  [2001, ['warning: Slack limits conversations.list: waiting 3 s']],
] as const)
  verifies('tools:told-of-waits', `a wait of ${waitMs} ms is told ${told.length} times`, async () => {
    const bench = createToolBench()
    bench.slack.on('conversations.list', (_, { onLimited }) => {
      onLimited?.(waitMs)
      return { channels: [] }
    })
    const lines: string[] = []
    await bench.call('slack_list_channels', {}, { tell: (level, text) => lines.push(`${level}: ${text}`) })
    expect(lines).toEqual([...told])
  })
