import type { Refusal } from './driver-access.ts'

/** What went wrong with Redis, in the terms that decide what happens next. */
export type RedisFailureKind =
  /** No connection: refused, reset, no such host, TLS. */
  | 'unreachable'
  /** It did not answer in time. */
  | 'timeout'
  /** NOAUTH, WRONGPASS: it does not accept our credentials. */
  | 'auth'
  /** NOPERM: the user may not do this. */
  | 'forbidden'
  /** It reads its data from disk. */
  | 'loading'
  /** A replica, or a primary that lost its role. */
  | 'readonly'
  /** OOM: maxmemory is reached. */
  | 'full'
  /** Too old, a Sentinel, or a node of a Cluster. */
  | 'unsupported'
  /** The file with the certificate of the authority is none. */
  | 'no-authority'
  /** The stream or its group is gone. */
  | 'no-group'
  /** The script cache was emptied. */
  | 'no-script'
  /** Any other error reply. */
  | 'refused'

/** A failed exchange with Redis. The message is for the log; it never holds arguments, keys or credentials. */
export class RedisFailure extends Error {
  override readonly name = 'RedisFailure'
  readonly kind: RedisFailureKind

  constructor(kind: RedisFailureKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.kind = kind
  }
}

/** First words of Redis' error replies. https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors */
const kindByWord: Readonly<Record<string, RedisFailureKind>> = {
  NOAUTH: 'auth',
  WRONGPASS: 'auth',
  NOPERM: 'forbidden',
  LOADING: 'loading',
  MASTERDOWN: 'readonly',
  READONLY: 'readonly',
  OOM: 'full',
  NOGROUP: 'no-group',
  UNBLOCKED: 'no-group',
  NOSCRIPT: 'no-script',
  MOVED: 'unsupported',
  ASK: 'unsupported',
  CLUSTERDOWN: 'unsupported',
}

/** Kinds after which the connection is of no further use: the next one may reach another server or other credentials. */
const endsConnection: ReadonlySet<RedisFailureKind> = new Set([
  'unreachable',
  'timeout',
  'auth',
  'loading',
  'readonly',
  'unsupported',
])

export function isEndOfConnection(failure: RedisFailure): boolean {
  return endsConnection.has(failure.kind)
}

const messageByKind: Readonly<Record<RedisFailureKind, string>> = {
  unreachable: 'Redis cannot be reached',
  timeout: 'Redis did not answer in time',
  auth: 'Redis does not accept the user or password of REDIS_URL',
  forbidden: 'The Redis user may not run a command or touch a key that the queue needs',
  loading: 'Redis is loading its data',
  readonly: 'Redis is a replica and takes no writes',
  full: 'Redis is out of memory (maxmemory)',
  unsupported: 'This Redis cannot be used',
  'no-authority': 'The file with the certificate of the authority cannot be used',
  'no-group': 'The stream or its consumer group is gone',
  'no-script': 'Redis does not know the script',
  refused: 'Redis refused a command',
}

export function redisFailure(kind: RedisFailureKind, cause?: unknown): RedisFailure {
  return new RedisFailure(kind, messageByKind[kind], cause)
}

/** How a script reports NOPERM of a command in it. */
const scriptForbidden = 'ERR The user executing the script'

/** An error reply (`WORD and text`) as a failure. Only the word is kept: the text may quote keys and arguments. */
export function asRedisFailure(reply: string): RedisFailure {
  if (reply.startsWith(scriptForbidden)) return redisFailure('forbidden')
  const word = /^[A-Z]+/.exec(reply)?.[0] ?? ''
  const kind = Object.hasOwn(kindByWord, word) ? kindByWord[word] : undefined
  return kind === undefined
    ? new RedisFailure('refused', `${messageByKind.refused} (${word})`)
    : redisFailure(kind)
}

/** What a failure means to whoever publishes or asks. */
export function redisRefusal(thrown: unknown): Refusal {
  if (!(thrown instanceof RedisFailure)) return { code: 'QUEUE_UNAVAILABLE', reason: 'unexpected' }
  if (thrown.kind === 'full') return { code: 'QUEUE_FULL', reason: 'out_of_memory' }
  return { code: 'QUEUE_UNAVAILABLE', reason: thrown.kind }
}
