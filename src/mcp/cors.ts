export interface CorsOptions {
  /** Browser origins that may read answers; none by default. `*` is allowed only without credentials. */
  readonly origins: readonly string[]
  readonly methods: readonly string[]
  readonly headers: readonly string[]
  readonly allowCredentials: boolean
}

/** What an MCP client in a browser must be able to send, besides the headers that every script may. */
const requestHeaders = [
  'Authorization',
  'Content-Type',
  'Last-Event-ID',
  'MCP-Protocol-Version',
  'Mcp-Method',
  'Mcp-Name',
  'Mcp-Session-Id',
  'X-Correlation-Id',
] as const

/** What such a client must be able to read. */
const exposedHeaders = [
  'Mcp-Session-Id',
  'MCP-Protocol-Version',
  'Retry-After',
  'WWW-Authenticate',
  'X-Correlation-Id',
] as const

const preflightMaxAgeSeconds = 600

export interface Cors {
  /** The answer to a preflight of a listed origin; undefined for anything else. */
  preflight(request: Request): Response | undefined
  /** Adds to an answer what lets a listed origin read it. */
  decorate(request: Request, headers: Headers): void
}

/** CORS by configuration (D19). Throws TypeError for `*` together with credentials: any site could then act as its visitor. */
export function createCors(options: CorsOptions): Cors {
  const isAny = options.origins.includes('*')
  if (isAny && options.allowCredentials) throw new TypeError('CORS with credentials needs named origins')
  const origins = new Set(options.origins)
  const isStandard = (header: string) =>
    requestHeaders.some((standard) => standard.toLowerCase() === header.toLowerCase())
  const ownHeaders = options.headers.filter((header) => !isStandard(header))
  const allowedHeaders = [...requestHeaders, ...ownHeaders].join(', ')
  const allowedMethods = options.methods.join(', ')
  const originFor = (request: Request): string | undefined => {
    const origin = request.headers.get('origin')
    if (origin === null || !(isAny || origins.has(origin))) return undefined
    return isAny ? '*' : origin
  }
  const decorate = (request: Request, headers: Headers): void => {
    if (!isAny && origins.size > 0) headers.append('Vary', 'Origin')
    const origin = originFor(request)
    if (origin === undefined) return
    headers.set('Access-Control-Allow-Origin', origin)
    headers.set('Access-Control-Expose-Headers', exposedHeaders.join(', '))
    if (options.allowCredentials) headers.set('Access-Control-Allow-Credentials', 'true')
  }
  const preflight = (request: Request): Response | undefined => {
    if (request.method !== 'OPTIONS' || originFor(request) === undefined) return undefined
    if (request.headers.get('access-control-request-method') === null) return undefined
    const headers = new Headers({
      'Access-Control-Allow-Methods': allowedMethods,
      'Access-Control-Allow-Headers': withParameterHeaders(allowedHeaders, request),
      'Access-Control-Max-Age': String(preflightMaxAgeSeconds),
    })
    decorate(request, headers)
    return new Response(null, { status: 204, headers })
  }
  return { preflight, decorate }
}

/** The 2026-07-28 revision mirrors arguments in headers of the tools' own names, so they cannot be listed ahead. */
function withParameterHeaders(allowedHeaders: string, request: Request): string {
  const asked = request.headers.get('access-control-request-headers') ?? ''
  const parameters = asked
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => /^mcp-param-[a-z0-9-]{1,64}$/.test(name))
  return [allowedHeaders, ...parameters].join(', ')
}
