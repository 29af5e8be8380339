import { expect } from 'bun:test'
import { isFlat, runSoak } from '../support/soak.ts'
import { verifies } from '../support/verifies.ts'

verifies(
  'server:memory:soak',
  'F29: events, calls and sessions leave neither objects nor bytes nor descriptors behind',
  async () => {
    const report = await runSoak({ warmUpRounds: 300, rounds: 800 })
    expect(report).toSatisfy(isFlat)
    expect(Object.values(report.health)).toEqual(['ready', 'ready', 'connected', 'connected'])
  },
  240_000,
)
