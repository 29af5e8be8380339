import type { Ids } from '../../src/base/ids.ts'

/** Ids that a test can write down: 00000000-0000-4000-8000-000000000001, …2; random() is always 0.5. */
export function sequentialIds(): Ids {
  let count = 0
  const next = () => String(++count).padStart(12, '0')
  return {
    uuid: () => `00000000-0000-4000-8000-${next()}`,
    random: () => 0.5,
    token: (byteCount) => `token-${next()}`.padEnd(Math.ceil((byteCount * 4) / 3), 'x'),
  }
}
