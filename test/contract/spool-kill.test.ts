import { expect } from 'bun:test'
import { describeWithRedis } from '../support/redis-server.ts'
import { runSpoolKillRounds } from '../support/spool-kill-rounds.ts'
import { verifies } from '../support/verifies.ts'

describeWithRedis('The spool under kill -9', () => {
  verifies(
    'queue:spool:kill',
    'F1: after kill -9 of the server and of Redis at any moment every acknowledged event is in Redis once',
    async () => {
      const { acknowledged, ...report } = await runSpoolKillRounds({ rounds: 6 })
      expect(report).toEqual({ rounds: 6, lost: 0, doubled: 0 })
      expect(acknowledged).toBeGreaterThan(0)
    },
    120_000,
  )
})
