import { parseArgs } from 'node:util'
import { runKillRounds } from '../test/support/kill-rounds.ts'
import { runSpoolKillRounds } from '../test/support/spool-kill-rounds.ts'

/** Kills a queue under load and looks for what it had acknowledged: bun scripts/kill-rounds.ts [--queue sqlite|spool] [--rounds 50] */

/** With the spool its Redis is killed too, and what was acknowledged is looked for there. */
const queues = {
  async sqlite(rounds: number) {
    const report = await runKillRounds({ rounds })
    const { lost, doubled, undelivered, integrity } = report
    return { report, hasKept: lost + doubled + undelivered === 0 && integrity === 'ok' }
  },
  async spool(rounds: number) {
    const report = await runSpoolKillRounds({ rounds })
    return { report, hasKept: report.lost + report.doubled === 0 }
  },
}

const { values } = parseArgs({
  options: { queue: { type: 'string', default: 'sqlite' }, rounds: { type: 'string', default: '50' } },
})
const { queue } = values
if (queue !== 'sqlite' && queue !== 'spool') throw new Error('--queue takes sqlite or spool')
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a positive integer')

const startedAtMs = performance.now()
const { report, hasKept } = await queues[queue](rounds)
const seconds = Math.round((performance.now() - startedAtMs) / 1_000)
process.stdout.write(`${JSON.stringify({ queue, ...report, seconds })}\n`)
if (!hasKept) process.exitCode = 1
