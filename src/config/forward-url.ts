import { Type } from '@sinclair/typebox'
import { ipVersion, isLoopbackHost } from '../base/ip-address.ts'
import { httpUrl } from './address-types.ts'
import { decoded } from './plain-types.ts'

/** Where events are forwarded to. It may have a query, and no credentials: `config show` prints it. */
export const forwardUrl = () =>
  decoded(Type.String(), (text) => {
    const url = httpUrl(text)
    if (url.username !== '' || url.password !== '' || url.hash !== '') {
      throw new Error('expected a URL without credentials and fragment')
    }
    return url.href
  })

/**
 * Whether a URL needs no word of the operator that it is meant: https to a host name of several labels, or this machine. Addresses, single
 * labels and plain http lead into private networks, metadata services included (T24). Judged by the parsed host name, which has one spelling
 * for the many that lead to an address.
 */
export function isOrdinaryTarget(text: string): boolean {
  const { protocol, hostname } = new URL(text)
  if (isLoopbackHost(hostname)) return true
  const name = hostname.replace(/^\[(.*)\]$/, '$1')
  return protocol === 'https:' && ipVersion(name) === undefined && /^[^.]+(\.[^.]+)+$/.test(name)
}
