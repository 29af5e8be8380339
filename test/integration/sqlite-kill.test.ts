import { expect } from 'bun:test'
import { runKillRounds } from '../support/kill-rounds.ts'
import { verifies } from '../support/verifies.ts'

verifies(
  'queue:sqlite:kill',
  'F1: after kill -9 at any moment every acknowledged event is there once and is delivered',
  async () => {
    const { acknowledged, ...report } = await runKillRounds({ rounds: 5 })
    expect(report).toEqual({
      rounds: 5,
      lost: 0,
      doubled: 0,
      undelivered: 0,
      deadLetters: 0,
      integrity: 'ok',
    })
    expect(acknowledged).toBeGreaterThan(0)
  },
  60_000,
)
