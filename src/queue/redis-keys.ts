import { AppError } from '../base/errors.ts'

/** Where a topic lives in Redis. The stream bears the topic's own name; all that belongs to it lies in its hash slot and behind its name. */
export interface RedisTopicKeys {
  readonly topic: string
  readonly stream: string
  /** How much was ever added to the stream. */
  readonly ledger: string
  readonly dead: string
  /** What the stream of a group's replays begins with; the name of the group follows. */
  readonly replays: string
  /** What the record of a seen id begins with; the id follows. */
  readonly seen: string
  /** What the record of a write to Slack begins with that must happen once; a hash of whose and which follows. */
  readonly writes: string
}

/** `prefix` holds no braces: the only hash tag is the stream's own name. */
export function redisTopicKeys(prefix: string, topic: string): RedisTopicKeys {
  const stream = `${prefix}${topic}`
  const of = (kind: string) => `${stream}:${kind}:{${stream}}`
  return {
    topic,
    stream,
    ledger: of('ledger'),
    dead: of('dead'),
    replays: `${of('replays')}:`,
    seen: `${of('seen')}:`,
    writes: `${of('writes')}:`,
  }
}

/** Without braces, so that the only hash tag in a key is the stream's name. */
const prefixPattern = /^[A-Za-z0-9._:-]{0,100}$/

/** `prefix` as it is. Throws CONFIG_INVALID for one that keys cannot begin with. */
export function checkKeyPrefix(prefix: string): string {
  if (prefixPattern.test(prefix)) return prefix
  throw new AppError('CONFIG_INVALID', {
    details: { option: 'keyPrefix', reason: 'it takes up to 100 letters, digits and . _ : -' },
  })
}
