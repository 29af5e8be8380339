import type { BenchCase } from '../bench-case.ts'
import { compareSpeed, runContest } from '../contest.ts'
import { startConsumed } from '../servers/consumed-product.ts'
import {
  startBareWebhook,
  startBolt,
  startEmbeddedWebhook,
  startProductWebhook,
} from '../servers/webhook-servers.ts'
import { webhookContender } from './webhook-contender.ts'

const [ours, bare, bolt] = ['ours, handler in the process', 'bare Bun.serve', '@slack/bolt on Node']

export const webhookMemory: BenchCase = {
  title: 'Webhook, kept in memory',
  method:
    'Signed message events of 1 KB, each another one, over 64 connections. Ours embedded in a program that handles every event, as an app of Bolt does; the binary alone, which keeps the newest events for nobody; and the binary with the command consume beside it, which gets every event over HTTP. Log and metrics are on, the log goes to a file. The bare server reads, hashes, compares, parses and answers, and does nothing else: the limit of the runtime. CPU is that of the server process until its consumer has had every event.',
  profileShows:
    'Parts taken out one at a time, in turn with the whole: most goes to keeping and deduplicating the event, which is mainly the collector walking what is kept; then the line of the log, Elysia’s routing, and the histograms. With all four taken out the server costs as much as the bare one and a sixth. An event that a handler in the same process gets is decoded and parsed once more, and its verdict is kept.',
  async run(context) {
    const contest = await runContest(
      [
        webhookContender(ours, startEmbeddedWebhook),
        webhookContender(bare, startBareWebhook),
        webhookContender(bolt, startBolt),
        webhookContender('binary, no consumer', startProductWebhook),
        webhookContender('binary, consume beside it', startConsumed),
      ],
      context,
    )
    return {
      rounds: contest.rounds,
      lines: contest.lines,
      comparisons: [
        ...compareSpeed(contest, { of: ours, to: bare, goal: { atLeast: 0.85 } }),
        ...compareSpeed(contest, { of: ours, to: bolt, goal: { atLeast: 4 } }),
        ...compareSpeed(contest, { of: 'binary, no consumer', to: bare }),
      ],
    }
  },
}
