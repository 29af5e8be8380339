import { parseArgs } from 'node:util'
import { runKillRounds } from '../test/support/kill-rounds.ts'
import type { KillGoal } from '../test/support/killed-publisher.ts'
import { isFlat, runSoak } from '../test/support/soak.ts'
import { runSpoolKillRounds } from '../test/support/spool-kill-rounds.ts'

/**
 * The long forms of what the suite does briefly: bun scripts/torture.ts [--scale 0.01]. One line of JSON per part, those that ran before included
 * where a later one fails; ends with 1 where any failed. With --scale it does a part of it, to see that it runs.
 */

/** What is promised to hold over so much. */
const whole = { rounds: 1_000, events: 1_000_000, repeats: 50, soakRounds: 200_000 } as const
/** Below this what the engine does by itself would be taken for growth. */
const soakRoundsMin = 800

/** Faults of Redis, spool, disk, file, load and process, each test as often as `repeats` says. */
const faultSuites = {
  redis: ['test/contract/redis-faults.test.ts'],
  spool: ['test/contract/spool-faults.test.ts'],
  disk: ['test/integration/sqlite-faults.test.ts', 'test/integration/sqlite-directory.test.ts'],
  file: ['test/integration/sqlite-damage.test.ts', 'test/fuzz/sqlite-store.test.ts'],
  load: ['test/integration/sqlite-queue.test.ts', 'test/e2e/stalled-bodies.test.ts'],
  process: [
    'test/integration/stopping.test.ts',
    'test/e2e/replicas.test.ts',
    'test/e2e/events.test.ts',
    'test/e2e/process-faults.test.ts',
    'test/e2e/serve.test.ts',
  ],
  start: ['test/e2e/state-directory.test.ts'],
} as const

interface Verdict {
  readonly isGood: boolean
  readonly report: object
}

const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } })
const scale = Number(values.scale)
if (!(scale > 0 && scale <= 1)) throw new Error('--scale takes a number above 0, at most 1')
const scaled = (count: number) => Math.max(1, Math.round(count * scale))
const goal: KillGoal = { rounds: scaled(whole.rounds), events: scaled(whole.events) }

await part('kill sqlite', async () => {
  const report = await runKillRounds(goal)
  const { lost, doubled, undelivered, integrity } = report
  return { isGood: lost + doubled + undelivered === 0 && integrity === 'ok', report }
})
await part('kill spool', async () => {
  const report = await runSpoolKillRounds(goal)
  return { isGood: report.lost + report.doubled === 0, report }
})
await part('soak', async () => {
  const report = await runSoak({
    warmUpRounds: 300,
    rounds: Math.max(soakRoundsMin, scaled(whole.soakRounds)),
  })
  return { isGood: isFlat(report), report }
})
for (const [name, files] of Object.entries(faultSuites)) {
  await part(`faults ${name}`, () => repeat(files, scaled(whole.repeats)))
}

/** Says what came of one part; a part that throws has failed, and the others run all the same. */
async function part(name: string, run: () => Promise<Verdict>): Promise<void> {
  const startedAtMs = performance.now()
  const { isGood, report } = await run().catch(
    (error: unknown): Verdict => ({ isGood: false, report: { error: String(error) } }),
  )
  const seconds = Math.round((performance.now() - startedAtMs) / 1_000)
  process.stdout.write(`${JSON.stringify({ part: name, isGood, seconds, ...report })}\n`)
  if (!isGood) process.exitCode = 1
}

async function repeat(files: readonly string[], repeats: number): Promise<Verdict> {
  const command = [
    process.execPath,
    'test',
    ...files.map((file) => `./${file}`),
    '--rerun-each',
    String(repeats),
  ]
  const child = Bun.spawn(command, {
    env: { ...process.env, REQUIRE_REDIS: '1' },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [output] = await Promise.all([new Response(child.stderr).text(), new Response(child.stdout).text()])
  const code = await child.exited
  const failed = [...output.matchAll(/^\(fail\) (.*?)(?: \[[\d.]+ms\])?$/gm)].map(([, title]) => title)
  return { isGood: code === 0, report: { files, repeats, failed } }
}
