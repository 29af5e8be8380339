import { parseArgs } from 'node:util'
import { runKillRounds } from '../test/support/kill-rounds.ts'

/** Kills the SQLite queue under load and looks for what it had acknowledged: bun scripts/kill-rounds.ts [--rounds 50] */

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '50' } } })
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a positive integer')

const startedAtMs = performance.now()
const report = await runKillRounds(rounds)
const seconds = Math.round((performance.now() - startedAtMs) / 1_000)
process.stdout.write(`${JSON.stringify({ ...report, seconds })}\n`)
const { lost, doubled, undelivered, integrity } = report
if (lost + doubled + undelivered > 0 || integrity !== 'ok') process.exitCode = 1
