import { expect, test } from 'bun:test'
import { ipVersion, isLoopbackHost } from '../../../src/base/ip-address.ts'

test('an address is IPv4, IPv6 or none', () => {
  for (const text of ['0.0.0.0', '255.255.255.255', '10.0.0.7'])
    expect([text, ipVersion(text)]).toEqual([text, 4])
  for (const text of ['::', '::1', 'fd00::1', '::ffff:10.0.0.1'])
    expect([text, ipVersion(text)]).toEqual([text, 6])
  const none = [
    '',
    'localhost',
    '256.0.0.1',
    '1.2.3',
    '127.1',
    '0x7f.0.0.1',
    '01.2.3.4',
    '1.2.3.4.5',
    '[::1]',
    '::1%eth0',
    ':',
    '1:2',
    'a:b',
    '::1]/x[',
  ]
  for (const text of none) expect([text, ipVersion(text)]).toEqual([text, undefined])
})

test('loopback is what reaches this machine alone, by a plain spelling', () => {
  const loopback = ['localhost', 'LOCALHOST', 'a.localhost', '127.0.0.1', '127.255.255.254', '::1', '[::1]']
  for (const host of loopback) expect([host, isLoopbackHost(host)]).toEqual([host, true])
  const others = [
    '',
    '0.0.0.0',
    '::',
    '128.0.0.1',
    '126.0.0.1',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.1',
    '2130706433',
    '::ffff:127.0.0.1',
  ]
  for (const host of others) expect([host, isLoopbackHost(host)]).toEqual([host, false])
})
