import { expect, test } from 'bun:test'
import { parseHeldBytes, readMemoryLimit } from '../../../src/resilience/memory-limit.ts'
import { verifies } from '../../support/verifies.ts'

const membership = '/proc/self/cgroup'
const container = '/sys/fs/cgroup/memory.max'
const containerOne = '/sys/fs/cgroup/memory/memory.limit_in_bytes'

for (const [what, files, limit] of [
  ['nowhere without such files', {}, undefined],
  ['of a container, version 2', { [membership]: '0::/\n', [container]: '268435456\n' }, 268_435_456],
  ['of a container, version 1', { [membership]: '4:memory:/\n', [containerOne]: '268435456\n' }, 268_435_456],
  ['not, where it says "max"', { [container]: 'max\n' }, undefined],
  ['not, where it is the largest number there is', { [containerOne]: '9223372036854771712\n' }, undefined],
  ['not, where it is 0', { [container]: '0\n' }, undefined],
  ['not, where it is no number', { [container]: '256M\n' }, undefined],
  [
    'of a service, version 2',
    {
      [membership]: '0::/system.slice/slack.service\n',
      '/sys/fs/cgroup/system.slice/slack.service/memory.max': '4096000\n',
    },
    4_096_000,
  ],
  [
    'of a service, version 1',
    {
      [membership]: '5:cpu:/other\n4:hugetlb,memory:/system.slice/slack.service\n0::/\n',
      '/sys/fs/cgroup/memory/system.slice/slack.service/memory.limit_in_bytes': '4096000\n',
    },
    4_096_000,
  ],
  [
    'where the kernel begins to slow the process down',
    { [container]: '536870912\n', '/sys/fs/cgroup/memory.high': '419430400\n' },
    419_430_400,
  ],
] as const) {
  verifies('server:memory:limit', `is read ${what}`, () => {
    const texts = new Map<string, string>(Object.entries(files))
    expect(readMemoryLimit((path) => texts.get(path))).toBe(limit)
  })
}

test('mapped files do not count as held', () => {
  const status = 'VmRSS:\t   67968 kB\nRssAnon:\t   19304 kB\nRssFile:\t   48652 kB\nRssShmem:\t      12 kB\n'
  expect(parseHeldBytes(status)).toBe((19_304 + 12) * 1024)
  expect(parseHeldBytes('')).toBe(0)
})
