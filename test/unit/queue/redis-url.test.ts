import { describe, expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import { parseRedisUrl } from '../../../src/queue/redis-url.ts'

describe('a Redis URL', () => {
  test('is read into what connects and what may be shown', () => {
    const target = parseRedisUrl('rediss://bob:p%40s%3As%2Fw%25@redis.example.com:6380/2')
    expect(target.url.reveal()).toBe('rediss://bob:p%40s%3As%2Fw%25@redis.example.com:6380/2')
    expect(target.password?.reveal()).toBe('p@s:s/w%')
    expect({ ...target, url: undefined, password: undefined }).toEqual({
      url: undefined,
      password: undefined,
      host: 'redis.example.com',
      port: 6380,
      isTls: true,
      username: 'bob',
      database: 2,
      display: 'redis.example.com:6380/2 (TLS)',
    })
  })

  test('has defaults for port, user and database', () => {
    for (const text of ['redis://localhost', 'redis://localhost/', 'REDIS://localhost:6379/0']) {
      expect(parseRedisUrl(text)).toMatchObject({
        host: 'localhost',
        port: 6379,
        isTls: false,
        username: 'default',
        password: undefined,
        database: 0,
        display: 'localhost:6379/0',
      })
    }
    expect(parseRedisUrl('redis://:secret@[::1]:7000')).toMatchObject({
      host: '::1',
      username: 'default',
      display: '[::1]:7000/0',
    })
  })

  const refused: Readonly<Record<string, string>> = {
    'redis+sentinel://h:26379': 'Sentinel',
    'sentinel://h': 'Sentinel',
    'redis+cluster://h': 'Cluster',
    'redis://a,b:6379': 'several hosts',
    'redis://a:1,b:2': 'several hosts',
    'redis://u:p@a:1,b:2/0': 'several hosts',
    'http://h': 'begin with redis://',
    'localhost:6379': 'begin with redis://',
    '': 'begin with redis://',
    'redis://': 'not a URL',
    'redis:///0': 'not a URL',
    'redis://h:70000': 'not a URL',
    'redis://h:0': 'port',
    'redis://h/abc': 'database number',
    'redis://h/0/1': 'database number',
    'redis://h/123456': 'database number',
    'redis://h?db=1': 'no query',
    'redis://h#x': 'no query',
    'redis://u:p%zz@h': 'percent-encoded',
    'redis://u:hunter2@h h': 'not a URL',
    'redis://h%20h': 'malformed',
  }
  for (const [text, reason] of Object.entries(refused)) {
    test(`refuses ${JSON.stringify(text)}, saying why and not repeating it`, () => {
      let thrown: unknown
      try {
        parseRedisUrl(text)
        expect.unreachable()
      } catch (error) {
        thrown = error
      }
      if (!(thrown instanceof AppError)) throw thrown
      expect(thrown.code).toBe('CONFIG_INVALID')
      expect(thrown.details['option']).toBe('REDIS_URL')
      expect(String(thrown.details['reason'])).toContain(reason)
      expect(JSON.stringify(thrown.details)).not.toContain('hunter2')
    })
  }
})
