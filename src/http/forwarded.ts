import { BlockList, isIP } from 'node:net'

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

function isTrusted(trusted: BlockList, address: string): boolean {
  const plain = address.toLowerCase().startsWith(mappedPrefix) ? address.slice(mappedPrefix.length) : address
  return trusted.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
}
