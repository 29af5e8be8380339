/**
 * What the edge accepts as the outer form of a request. Elysia looks for the path behind the eleventh character of the URL, so a Host of one to
 * three characters would move the route (T1); Bun joins doubled headers by a comma, so a comma is a second header.
 */

/** `http://` and a host of at least this many characters end at or behind the place where the router begins to look. */
const hostCharactersMin = 4
/** RFC 1123 names have at most 253 characters; a port adds six. */
const hostCharactersMax = 259
/** A name, an IPv4 address or a bracketed IPv6 address, with an optional port. */
const hostPattern = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\.?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/i
const lengthPattern = /^[0-9]{1,15}$/
/** Clients send about ten headers, proxies add as many again (T7). */
const headersMax = 100
/** Where Elysia's router begins to look for the slash of the path. */
const routerPathFrom = 11

export interface RequestLine {
  /** As in the Host header, lower case, with the port where there is one. */
  readonly host: string
  /** The path exactly as sent, without the query: what routes are compared with. */
  readonly path: string
}

/** Host and path of a request, or undefined where the request is not one that any route may see. */
export function parseRequestLine(request: Request): RequestLine | undefined {
  const { url, headers } = request
  const schemeEnd = url.indexOf('://')
  // HTTP/1.0 without a Host yields a bare path here.
  if (schemeEnd === -1) return undefined
  const pathFrom = url.indexOf('/', schemeEnd + 3)
  const urlHost = url.slice(schemeEnd + 3, pathFrom === -1 ? undefined : pathFrom)
  // A Request made in the process has no Host header: its URL says the host.
  const host = (headers.get('host') ?? urlHost).toLowerCase()
  if (!isHost(host) || urlHost.toLowerCase() !== withoutDefaultPort(host, url)) return undefined
  // A fragment is never sent (RFC 9112, 3.2); Bun passes one on, and the router takes it for a part of the path.
  if (url.includes('#')) return undefined
  if (pathFrom === -1 || pathFrom !== url.indexOf('/', routerPathFrom)) return undefined
  if (!hasOneLength(headers) || headerCount(headers) > headersMax) return undefined
  return { host, path: pathOf(url, pathFrom) }
}

function isHost(host: string): boolean {
  return host.length >= hostCharactersMin && host.length <= hostCharactersMax && hostPattern.test(host)
}

/** A URL leaves out the port that its scheme implies; the Host header may name it. */
function withoutDefaultPort(host: string, url: string): string {
  const port = url.startsWith('https:') ? ':443' : ':80'
  return host.endsWith(port) ? host.slice(0, -port.length) : host
}

function hasOneLength(headers: Headers): boolean {
  const length = headers.get('content-length')
  return length === null || lengthPattern.test(length)
}

function headerCount(headers: Headers): number {
  // Bun counts without building the list; elsewhere the list is counted.
  return 'count' in headers && typeof headers.count === 'number' ? headers.count : [...headers].length
}

function pathOf(url: string, from: number): string {
  const query = url.indexOf('?', from)
  return query === -1 ? url.slice(from) : url.slice(from, query)
}
