import { BlockList, isIP } from 'node:net'
import { isLoopbackHost } from '../base/ip-address.ts'

/** Which address a request comes from, as far as proxies may be believed (T35). */
export type AddressOf = (request: Request, peer: string | undefined) => string | undefined

/** Proxies append; more hops than this is a header made up by somebody. */
const hopsMax = 20

/**
 * Reads X-Forwarded-For from the right, hop by hop, as long as the one who added a hop is a trusted proxy: the first that is not is who asks.
 * `ranges` are addresses and CIDR ranges; with none the peer is who asks, whatever it says.
 */
export function createAddressOf(ranges: readonly string[]): AddressOf {
  if (ranges.length === 0) return (_request, peer) => peer
  const trusted = asBlockList(ranges)
  return (request, peer) => {
    let address = peer
    const hops = (request.headers.get('x-forwarded-for') ?? '')
      .split(',', hopsMax + 1)
      .map((hop) => hop.trim())
    if (hops.length > hopsMax) return address
    while (address !== undefined && isTrusted(trusted, address)) {
      const hop = hops.pop()
      if (hop === undefined || isIP(hop) === 0) return address
      address = hop
    }
    return address
  }
}

/** How a request came: `secure` over HTTPS, `plain` not so, `unjudged` where nobody wants to know. */
export type Transport = 'secure' | 'plain' | 'unjudged'
/** `peerOf` is asked only where it is needed: it costs a call into the runtime. */
export type TransportOf = (request: Request, peerOf: (request: Request) => string | undefined) => Transport

/** Who does not care how requests come. */
export const anyTransport: TransportOf = () => 'unjudged'

/**
 * Reads X-Forwarded-Proto of trusted proxies alone. Every hop that it names must be https: a proxy that appends leaves what a client made up in front.
 * Whoever comes past the proxies came without TLS, since the server itself has none; but for this machine's own processes, which no network carried.
 */
export function createTransportOf(ranges: readonly string[]): TransportOf {
  const trusted = asBlockList(ranges)
  return (request, peerOf) => {
    const peer = peerOf(request)
    if (peer === undefined) return 'unjudged'
    if (!isTrusted(trusted, peer)) return isLoopbackHost(asPlainAddress(peer)) ? 'unjudged' : 'plain'
    const hops = (request.headers.get('x-forwarded-proto') ?? '').split(',')
    return hops.every((hop) => hop.trim().toLowerCase() === 'https') ? 'secure' : 'plain'
  }
}

function asBlockList(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}

/** An IPv4 peer of a dual-stack socket has its address mapped into IPv6. */
const mappedPrefix = '::ffff:'

function asPlainAddress(address: string): string {
  return address.toLowerCase().startsWith(mappedPrefix) ? address.slice(mappedPrefix.length) : address
}

function isTrusted(trusted: BlockList, address: string): boolean {
  const plain = asPlainAddress(address)
  return trusted.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
}
