import { ipVersion } from '../base/ip-address.ts'
import type { Config } from '../config/option-table.ts'

/** `host:port` under which this machine reaches a server of this configuration; one that listens everywhere is asked on loopback. */
export function localAddress({ host, port }: Pick<Config, 'host' | 'port'>): string {
  if (host === '0.0.0.0') return `127.0.0.1:${port}`
  if (host === '::') return `[::1]:${port}`
  return ipVersion(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
}
