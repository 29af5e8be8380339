import { AppError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'

/** Where a Redis stands and how to enter, read once from REDIS_URL. */
export interface RedisTarget {
  /** The whole URL with its credentials, for the client alone. */
  readonly url: Secret
  /** Without the brackets of an IPv6 address. */
  readonly host: string
  readonly port: number
  readonly isTls: boolean
  /** The ACL user; `default` where the URL names none. */
  readonly username: string
  readonly password: Secret | undefined
  readonly database: number
  /** Host, port and database, for the log. Not a URL: one without a password would be the secret REDIS_URL itself, and be redacted. */
  readonly display: string
}

const redisPortDefault = 6379
const databasePattern = /^\/?(\d{1,5})?$/
const hostPattern = /^[A-Za-z0-9._:-]+$/

/**
 * Reads `redis[s]://[user[:password]@]host[:port][/database]`. Throws CONFIG_INVALID with a reason that never repeats the URL, since it may
 * hold a password. Sentinel and Cluster URLs are refused by name: connecting to one of their nodes as if it were alone would lose events.
 */
export function parseRedisUrl(text: string): RedisTarget {
  const scheme = /^[a-z+]+:/i.exec(text)?.[0].toLowerCase() ?? ''
  if (scheme.includes('sentinel')) throw invalid('Redis Sentinel is not supported; name the primary itself')
  if (scheme.includes('cluster')) throw invalid('Redis Cluster is not supported; name a single server')
  if (scheme !== 'redis:' && scheme !== 'rediss:') throw invalid('it must begin with redis:// or rediss://')
  if (/^[^/]*\/\/[^/?#]*,/.test(text)) {
    throw invalid('it names several hosts; Redis Sentinel and Cluster are not supported')
  }
  const url = URL.parse(text)
  if (url === null || url.hostname === '') throw invalid('it is not a URL with a host')
  if (!hostPattern.test(url.hostname.replace(/^\[(.*)\]$/, '$1'))) throw invalid('its host is malformed')
  if (url.search !== '' || url.hash !== '') throw invalid('it takes no query and no fragment')
  return asTarget(url, scheme === 'rediss:')
}

function asTarget(url: URL, isTls: boolean): RedisTarget {
  const database = databasePattern.exec(url.pathname)
  if (database === null) throw invalid('its path must be a database number')
  const number = Number(database[1] ?? 0)
  const port = url.port === '' ? redisPortDefault : Number(url.port)
  if (port === 0) throw invalid('its port must be between 1 and 65535')
  const password = decode(url.password)
  const username = decode(url.username)
  const scheme = isTls ? 'rediss' : 'redis'
  const credentials = url.password === '' && url.username === '' ? '' : `${url.username}:${url.password}@`
  const address = `${url.hostname}:${port}/${number}`
  return {
    url: new Secret(`${scheme}://${credentials}${address}`),
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    isTls,
    username: username === '' ? 'default' : username,
    password: password === '' ? undefined : new Secret(password),
    database: number,
    display: isTls ? `${address} (TLS)` : address,
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw invalid('its user or password is not percent-encoded correctly', cause)
  }
}

function invalid(reason: string, cause?: unknown): AppError {
  return new AppError('CONFIG_INVALID', { cause, details: { option: 'REDIS_URL', reason } })
}
