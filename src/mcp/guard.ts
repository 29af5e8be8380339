import { parseHttpUrl } from '../base/http-url.ts'

/** Which header of a request the guard does not let pass. */
export type GuardFault = 'host' | 'origin'

export interface HostGuardOptions {
  /** Hosts that may be asked for, besides loopback names: `name`, or `name:port` to allow one port only. `any` allows every valid one. */
  readonly allowedHosts: readonly string[] | 'any'
  /** Browser origins that may ask, besides the host itself: `https://app.example.com`, or `*` for every one. */
  readonly allowedOrigins: readonly string[]
}

/** Says what is wrong with where a request comes from, or nothing. */
export type HostGuard = (request: Request) => GuardFault | undefined

/**
 * A guard against DNS rebinding and cross-site requests (D3a) for the routes that act on behalf of whoever can reach them: MCP, REST, docs,
 * admin. Never for the webhook, health and metrics: probes ask for pod addresses.
 */
export function createHostGuard({ allowedHosts, allowedOrigins }: HostGuardOptions): HostGuard {
  const hosts = allowedHosts === 'any' ? undefined : new Set(allowedHosts.map((host) => host.toLowerCase()))
  const origins = new Set(allowedOrigins.map((origin) => origin.toLowerCase()))
  return (request) => {
    const host = request.headers.get('host')?.toLowerCase() ?? new URL(request.url).host
    if (!isAllowedHost(host, hosts)) return 'host'
    const origin = request.headers.get('origin')?.toLowerCase()
    if (origin === undefined || origins.has('*') || origins.has(origin)) return undefined
    return isSameHost(origin, host) ? undefined : 'origin'
  }
}

const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Whether a Host header names the machine itself, whatever the port. */
export function isLoopbackHost(host: string): boolean {
  return loopbackNames.has(withoutPort(host.toLowerCase()))
}

function isAllowedHost(host: string, allowed: ReadonlySet<string> | undefined): boolean {
  const name = withoutPort(host)
  if (!isHostName(name)) return false
  if (allowed === undefined || loopbackNames.has(name)) return true
  return allowed.has(name) || allowed.has(host)
}

/** Letters, digits, dots and hyphens, or an address in brackets. The runtime joins two Host headers with a comma, which is neither. */
function isHostName(name: string): boolean {
  return /^[a-z0-9_.-]+$/.test(name) || /^\[[0-9a-f:.]+\]$/.test(name)
}

function withoutPort(host: string): string {
  return host.replace(/:\d{1,5}$/, '')
}

/** Behind a proxy that ends TLS the scheme is not ours to see, so the hosts decide; default ports are left out on both sides. */
function isSameHost(origin: string, host: string): boolean {
  return parseHttpUrl(origin)?.host === host.replace(/:(80|443)$/, '')
}
