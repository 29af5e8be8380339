import { SqliteHarness } from '../support/sqlite-harness.ts'
import { queueDriverContract } from './queue-driver.ts'

queueDriverContract('sqlite', () => {
  const harness = new SqliteHarness()
  return {
    createDriver: (limits) => harness.createQueue(limits),
    secondDriver: 'refused',
    advance: (ms) => harness.advance(ms),
    outage: {
      begin: async () => harness.beginOutage(),
      end: async () => harness.endOutage(),
    },
    openHandles: () => harness.openHandles,
    close: () => harness.close(),
  }
})
