import { Type } from '@sinclair/typebox'
import { parseHttpUrl, withoutSlash } from '../base/http-url.ts'
import { ipVersion, isLoopbackHost } from '../base/ip-address.ts'
import { Secret } from '../base/secret.ts'
import { decoded } from './plain-types.ts'

/** Option types that name hosts, URLs and paths. A decoder refuses by throwing an Error whose message says what is wrong. */

const hostnamePattern =
  /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i

/** An address or host name to bind to; IPv6 loses its brackets. */
export const bindHost = (options: { readonly default: string }) =>
  decoded(Type.String({ minLength: 1, ...options }), (text) => {
    const host = text.replace(/^\[(.*)\]$/, '$1')
    if (ipVersion(host) === undefined && !hostnamePattern.test(host)) {
      throw new Error('expected an IP address or a host name, without scheme and port')
    }
    return host
  })

/** Names that a Host header may carry, lower case; with a port only that port. */
export const hostNames = () =>
  decoded(Type.Array(Type.String(), { default: [] }), (texts): readonly string[] => texts.map(asHostName))

function asHostName(text: string): string {
  const match = /^(\[[0-9a-f:.]+\]|[^[\]:/]+)(?::([1-9]\d{0,4}))?$/i.exec(text)
  const name = match?.[1]?.replace(/^\[(.*)\]$/, '$1') ?? ''
  if (!hostnamePattern.test(name) && ipVersion(name) === undefined) {
    throw new Error(
      'expected host names with an optional port (mcp.example.com, 10.0.0.7:3000), without scheme and path',
    )
  }
  return text.toLowerCase()
}

/** Addresses and CIDR ranges. */
export const addressRanges = () =>
  decoded(Type.Array(Type.String(), { default: [] }), (texts): readonly string[] => {
    if (!texts.every(isAddressRange))
      throw new Error('expected IP addresses or ranges (10.0.0.0/8, fd00::/8)')
    return texts
  })

function isAddressRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const version = ipVersion(address)
  if (version === undefined || rest.length > 0) return false
  return bits === undefined || (/^(0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}

/** The base URL of the Slack Web API, ending with a slash. A token must not travel in the clear: http on loopback only. */
export const slackApiUrl = (options: { readonly default: string }) =>
  decoded(Type.String(options), (text) => {
    const url = asPlainUrl(text)
    if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
      throw new Error('http is taken for loopback addresses only: the token would travel in the clear')
    }
    return url.href.endsWith('/') ? url.href : `${url.href}/`
  })

/** Where clients reach the server from outside, without a slash at the end. */
export const publicUrl = () => decoded(Type.String(), (text) => withoutSlash(asPlainUrl(text)))

/** Throws where the text is no URL of the web, or says more than where something is. */
export function asPlainUrl(text: string): URL {
  const url = httpUrl(text)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new Error('expected a URL without credentials, query and fragment')
  }
  return url
}

/** Throws where the text is no URL of the web. */
export function httpUrl(text: string): URL {
  const url = parseHttpUrl(text)
  if (url === undefined) throw new Error('expected an https:// or http:// URL')
  return url
}

/** A file or directory of this machine, whatever directory the server is started in. */
export const absolutePath = () => Type.String({ pattern: '^/[^\\0]*$' })

/** An IANA time zone that this system knows. */
export const timezone = () =>
  decoded(Type.String({ minLength: 1 }), (text) => {
    try {
      return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone
    } catch (cause) {
      throw new Error('expected an IANA time zone (Europe/Berlin, UTC)', { cause })
    }
  })

/** One Redis server. It may hold a password, so it is a secret. */
export const redisUrl = () =>
  decoded(Type.String(), (text) => {
    if (/^(redis|rediss)?[+-]?(sentinel|cluster)[+:]/i.test(text) || /^rediss?:\/\/[^/]*,/i.test(text)) {
      throw new Error(
        'Sentinel and Cluster are not supported; give the URL of one server, or of a proxy before them',
      )
    }
    const url = URL.parse(text)
    if (url === null || url.hostname === '' || (url.protocol !== 'redis:' && url.protocol !== 'rediss:')) {
      throw new Error(
        'expected redis:// or rediss:// (TLS), a host, and optionally user:password, port and /database',
      )
    }
    if (!/^(\/\d{0,4})?$/.test(url.pathname))
      throw new Error('expected a database number after the host, as in /0')
    return new Secret(text)
  })

/** Paths that the server answers itself, whatever is mounted. */
const reservedPaths: readonly string[] = [
  '/slack/events',
  '/slack/commands',
  '/slack/interactivity',
  '/health',
  '/livez',
  '/readyz',
  '/metrics',
  '/docs',
  '/openapi.json',
]

/** A path of plain segments without a slash at the end. */
export const mountPath = (options: { readonly default: string }) =>
  decoded(Type.String(options), (text) => {
    const path = text.replace(/\/+$/, '')
    if (path === '')
      throw new Error('"/" is no mount path; MCP_TRANSPORT=streamable-http serves MCP at the root')
    if (!/^(\/[A-Za-z0-9._~-]+)+$/.test(path) || /\/\.{1,2}(\/|$)/.test(path)) {
      throw new Error('expected a path that begins with "/", of letters, digits and . _ ~ - (as in /api/mcp)')
    }
    if (reservedPaths.some((reserved) => path === reserved || path.startsWith(`${reserved}/`))) {
      throw new Error('the server itself answers at this path; choose another, as in /mcp')
    }
    return path
  })
