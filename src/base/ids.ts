import { randomBytes, randomUUID } from 'node:crypto'

/** Randomness as a parameter, so that tests get ids and jitter they can predict. */
export interface Ids {
  /** A random UUID (v4): correlation ids, session ids (122 random bits). */
  uuid(): string
  /** A number in [0, 1), for jitter. Not for secrets. */
  random(): number
  /** `byteCount` random bytes as base64url: tokens and nonces. */
  token(byteCount: number): string
}

export function createSystemIds(): Ids {
  return {
    uuid: () => randomUUID(),
    random: () => Math.random(),
    token: (byteCount) => randomBytes(byteCount).toString('base64url'),
  }
}

/** RFC 9562 text form, any version; what a caller may hand us as a correlation id. */
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export function isUuid(text: string): boolean {
  return uuidPattern.test(text)
}
