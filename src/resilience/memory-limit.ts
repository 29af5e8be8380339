const root = '/sys/fs/cgroup'

/** Text of a small file; undefined where it cannot be read. */
export type ReadText = (path: string) => string | undefined

/**
 * The bytes that the control group of this process may hold before the kernel slows it down or kills it; undefined without a limit, and outside of
 * Linux. Reads version 2 and version 1 (https://docs.kernel.org/admin-guide/cgroup-v2.html), both below the group's own path, which a service has,
 * and at the root, where a container finds its own.
 */
export function readMemoryLimit(readText: ReadText): number | undefined {
  const limits = limitPaths(readText('/proc/self/cgroup') ?? '').flatMap((path) => {
    const bytes = parseLimit(readText(path) ?? '')
    return bytes === undefined ? [] : [bytes]
  })
  return limits.length === 0 ? undefined : Math.min(...limits)
}

function limitPaths(membership: string): readonly string[] {
  const unified = /^0::(\/.*)$/m.exec(membership)?.[1] ?? '/'
  const ofMemory = /^\d+:(?:[^:\n]*,)?memory(?:,[^:\n]*)?:(\/.*)$/m.exec(membership)?.[1] ?? '/'
  const below = (path: string) => [...new Set(['', path === '/' ? '' : path])]
  return [
    // At `memory.high` the process is held up, which Slack's 3 s do not bear: it is as much of a limit.
    ...below(unified).flatMap((path) => [`${root}${path}/memory.max`, `${root}${path}/memory.high`]),
    ...below(ofMemory).map((path) => `${root}/memory${path}/memory.limit_in_bytes`),
  ]
}

/** "max" is no limit, and neither is what version 1 says instead: a number of nearly 2^63. */
function parseLimit(text: string): number | undefined {
  const bytes = /^\d+$/.test(text.trim()) ? Number(text) : 0
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined
}

/**
 * The bytes that only the process itself can give back, from the text of /proc/self/status; 0 where it does not say. Not all that is resident: the
 * mapped pages of the executable, 50 MB and more, are dropped by the kernel where memory is short.
 */
export function parseHeldBytes(status: string): number {
  const kibibytes = ['RssAnon', 'RssShmem'].map((name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0),
  )
  return kibibytes.reduce((sum, part) => sum + part * 1024, 0)
}
