import { describe, expect, test } from 'bun:test'
import { createAddressOf } from '../../../src/http/forwarded.ts'

const from = (forwarded: string | undefined) =>
  new Request('http://localhost/', {
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  })

describe('the address of a request', () => {
  const addressOf = createAddressOf(['10.0.0.0/8', '192.0.2.7', 'fd00::/8'])
  for (const [says, peer, forwarded, expected] of [
    ['an untrusted peer is who asks, whatever it says', '198.51.100.1', '203.0.113.9', '198.51.100.1'],
    ['behind a trusted proxy the hop it added counts', '10.1.2.3', '203.0.113.9', '203.0.113.9'],
    ['a hop made up by the caller does not', '10.1.2.3', '6.6.6.6, 203.0.113.9', '203.0.113.9'],
    ['trusted proxies may stand in a row', '192.0.2.7', '203.0.113.9, 10.9.9.9', '203.0.113.9'],
    ['a proxy outside the range is not trusted', '192.0.2.8', '203.0.113.9', '192.0.2.8'],
    ['IPv6 ranges count', 'fd00::1', '2001:db8::5', '2001:db8::5'],
    ['a mapped IPv4 peer counts as IPv4', '::ffff:10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['a hop that is no address stops the walk', '10.1.2.3', '203.0.113.9, unknown', '10.1.2.3'],
    ['without the header the proxy itself is who asks', '10.1.2.3', undefined, '10.1.2.3'],
    [
      'twenty-one hops are made up',
      '10.1.2.3',
      Array.from({ length: 21 }, () => '203.0.113.9').join(','),
      '10.1.2.3',
    ],
    ['without a socket there is no address', undefined, '203.0.113.9', undefined],
  ] as const) {
    test(says, () => expect(addressOf(from(forwarded), peer)).toBe(expected))
  }

  test('without trusted proxies nobody is believed', () => {
    expect(createAddressOf([])(from('203.0.113.9'), '10.0.0.1')).toBe('10.0.0.1')
  })
})
