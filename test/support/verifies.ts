import { test } from 'bun:test'
import { requirements } from '../requirements.ts'

/** A machine that is shared may take seconds for what takes milliseconds elsewhere; a test that hangs is still ended. */
const hangingAfterMs = 60_000

/**
 * Registers a test that shows a requirement. `id` is a key of test/requirements.ts, `says` the behaviour in the present tense. The gate in
 * test/unit/requirements.test.ts reads these calls as text: the id must be a literal.
 */
export function verifies(
  id: string,
  says: string,
  run: () => void | Promise<void>,
  timeoutMs = hangingAfterMs,
): void {
  if (!Object.hasOwn(requirements, id)) throw new Error(`test/requirements.ts has no requirement "${id}"`)
  test(`${says} [${id}]`, run, timeoutMs)
}
