import { expect, test } from 'bun:test'
import { asRedisFailure, isEndOfConnection, type RedisFailureKind } from '../../../src/queue/redis-failure.ts'

/** Error replies as Redis 7.0.15 wrote them, and what they mean to us. */
const replies: Readonly<Record<string, RedisFailureKind>> = {
  'NOAUTH Authentication required.': 'auth',
  'WRONGPASS invalid username-password pair or user is disabled.': 'auth',
  "NOPERM this user has no permissions to run the 'xadd' command": 'forbidden',
  "ERR The user executing the script can't run this command or subcommand script: e3fd, on @user_script:1.":
    'forbidden',
  "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments script":
    'forbidden',
  'LOADING Redis is loading the dataset in memory': 'loading',
  "READONLY You can't write against a read only replica. script: e3fd, on @user_script:1.": 'readonly',
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.": 'readonly',
  "OOM command not allowed when used memory > 'maxmemory'. script: e3fd, on @user_script:1.": 'full',
  "NOGROUP No such key 'kk' or consumer group 'g' in XREADGROUP with GROUP option": 'no-group',
  'UNBLOCKED the stream key no longer exists': 'no-group',
  'NOSCRIPT No matching script. Please use EVAL.': 'no-script',
  'MOVED 3999 127.0.0.1:6381': 'unsupported',
  'ASK 3999 127.0.0.1:6381': 'unsupported',
  'CLUSTERDOWN Hash slot not served': 'unsupported',
  'WRONGTYPE Operation against a key holding the wrong kind of value': 'refused',
  'ERR unknown command': 'refused',
  'toString of nothing': 'refused',
  '': 'refused',
}

for (const [reply, kind] of Object.entries(replies)) {
  test(`takes "${reply.slice(0, 40)}" for ${kind}`, () => {
    expect(asRedisFailure(reply).kind).toBe(kind)
  })
}

test('keeps nothing of a reply but its word: the text may quote keys and arguments', () => {
  const failure = asRedisFailure("WRONGTYPE Operation against secret-key 'secret-value'")
  expect(failure.message).toBe('Redis refused a command (WRONGTYPE)')
})

test('ends the connection exactly where the next one may be better', () => {
  const ending = Object.values(replies).filter((kind) => {
    const [reply] = Object.entries(replies).find(([, other]) => other === kind) ?? ['']
    return isEndOfConnection(asRedisFailure(reply))
  })
  expect([...new Set(ending)].toSorted()).toEqual(['auth', 'loading', 'readonly', 'unsupported'])
})
