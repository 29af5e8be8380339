import { parseArgs } from 'node:util'
import { runSpoolKillRounds } from '../test/support/spool-kill-rounds.ts'

/** Kills the spool and its Redis under load and looks in Redis for what was acknowledged: bun scripts/spool-kill-rounds.ts [--rounds 50] */

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '50' } } })
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a positive integer')

const startedAtMs = performance.now()
const report = await runSpoolKillRounds(rounds)
const seconds = Math.round((performance.now() - startedAtMs) / 1_000)
process.stdout.write(`${JSON.stringify({ ...report, seconds })}\n`)
if (report.lost + report.doubled > 0) process.exitCode = 1
