import { timingSafeEqual } from 'node:crypto'
import type { Secret } from './secret.ts'

/** RFC 6750's token characters; the scheme in any case, as RFC 9110 has it. */
const bearerPattern = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i

export type BearerFault = 'missing' | 'malformed_header'

/** The token that an Authorization header bears, or what is wrong with it. */
export function readBearer(authorization: string | null): { readonly token: string } | BearerFault {
  if (authorization === null) return 'missing'
  const token = bearerPattern.exec(authorization)?.[1]
  return token === undefined ? 'malformed_header' : { token }
}

/** Says who bears a token; undefined where nobody does. */
export type BearerLookup<Bearer> = (token: string) => Bearer | undefined

/**
 * Compares SHA-256 digests in constant time, every one each time: neither a token nor which one matched shows in the time it takes (T17). Of rows with
 * one token the last counts.
 */
export function createBearerLookup<Bearer>(
  rows: readonly (readonly [token: Secret, bearer: Bearer])[],
): BearerLookup<Bearer> {
  const digests = rows.map(([token, bearer]) => ({ digest: digestOf(token.reveal()), bearer }))
  return (token) => {
    const given = digestOf(token)
    let found: Bearer | undefined
    for (const { digest, bearer } of digests) {
      if (timingSafeEqual(digest, given)) found = bearer
    }
    return found
  }
}

function digestOf(text: string): Uint8Array {
  return new Bun.CryptoHasher('sha256').update(text).digest()
}
