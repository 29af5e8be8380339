import { timingSafeEqual } from 'node:crypto'

/**
 * Slack's request signature, scheme v0: HMAC-SHA256 over `v0:{timestamp}:{raw body}`, keyed with the app's signing secret.
 * https://docs.slack.dev/authentication/verifying-requests-from-slack
 */

/** How far a request's timestamp may lie from our clock, in either direction: Slack's five minutes. */
export const clockSkewMaxSeconds = 300
/** From here on somebody should look, before those five minutes are used up. */
export const clockSkewWarnSeconds = 60

/** Why a request is not taken for Slack's. For the log and the metric only: the answer is the same for all. */
export type SignatureFault = 'missing' | 'malformed' | 'stale' | 'mismatch'

/** What the metric of refused credentials calls each fault. */
export const signatureFaultReasons = {
  missing: 'missing',
  malformed: 'malformed_header',
  stale: 'stale',
  mismatch: 'bad_signature',
} as const satisfies Record<SignatureFault, string>

/** The two headers of one request, well-formed and recent; nothing is proven yet. */
export interface SignatureClaim {
  readonly timestamp: string
  /** The 32 bytes that the request claims to be the HMAC. */
  readonly digest: Uint8Array
}

declare const verified: unique symbol

/** Bytes that Slack signed. Made by `verifySignature` alone. */
export interface VerifiedBody {
  readonly bytes: Uint8Array
  readonly [verified]: true
}

/** HMAC states with the key already mixed in: copying one costs less than keying anew for every request. */
export interface SigningKeys {
  readonly hashers: readonly Bun.CryptoHasher[]
}

/** Throws TypeError for an empty or blank secret: with one, everybody could sign. Without any secret nothing is ever verified. */
export function createSigningKeys(secrets: readonly string[]): SigningKeys {
  if (secrets.some((secret) => secret.trim() === '')) {
    throw new TypeError('A signing secret must not be empty')
  }
  return { hashers: secrets.map((secret) => new Bun.CryptoHasher('sha256', secret)) }
}

const signaturePattern = /^v0=[0-9a-f]{64}$/
/** Ten or eleven digits: the seconds of the years 2001 to 5138, without sign, point, exponent or leading zero. */
const timestampPattern = /^[1-9][0-9]{9,10}$/

/**
 * Reads the two headers without touching the body, so that a stale or malformed request costs nothing more. A doubled header arrives joined by
 * a comma and is therefore malformed.
 */
export function readSignatureClaim(headers: Headers, nowMs: number): SignatureClaim | SignatureFault {
  const signature = headers.get('x-slack-signature')
  const timestamp = headers.get('x-slack-request-timestamp')
  if (signature === null || timestamp === null) return 'missing'
  if (!signaturePattern.test(signature) || !timestampPattern.test(timestamp)) return 'malformed'
  // Both directions: a timestamp from the future would stay replayable until the clock reaches it.
  if (!(Math.abs(nowMs / 1000 - Number(timestamp)) <= clockSkewMaxSeconds)) return 'stale'
  return { timestamp, digest: Uint8Array.fromHex(signature.slice('v0='.length)) }
}

/** The proof that one of the keys signed these bytes, or undefined. Every key is tried, so that time does not tell which one matched. */
export function verifySignature(
  claim: SignatureClaim,
  bytes: Uint8Array,
  keys: SigningKeys,
): VerifiedBody | undefined {
  let isSigned = false
  for (const hasher of keys.hashers) {
    const digest = hasher.copy().update(`v0:${claim.timestamp}:`).update(bytes).digest()
    if (timingSafeEqual(digest, claim.digest)) isSigned = true
  }
  return isSigned ? ({ bytes } as VerifiedBody) : undefined
}

/** The value of X-Slack-Signature for these bytes, as Slack makes it. */
export function signBody(secret: string, timestampSeconds: number, bytes: Uint8Array | string): string {
  const hasher = new Bun.CryptoHasher('sha256', secret)
  return `v0=${hasher.update(`v0:${timestampSeconds}:`).update(bytes).digest('hex')}`
}

/** SHA-256 in hex: the key under which bytes without an id of their own are deduplicated. */
export function hashBytes(bytes: Uint8Array): string {
  return Bun.SHA256.hash(bytes, 'hex')
}
