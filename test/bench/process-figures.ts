import { readdirSync, readFileSync } from 'node:fs'

/** What Linux itself says about a process: `man 5 proc`. */

/** Of every Linux that Bun runs on (USER_HZ); one tick is 10 ms. */
const ticksPerSecond = 100

/** Seconds of CPU, user and system, that all threads of a process have used so far. */
export function cpuSecondsOf(pid: number): number {
  return parseCpuSeconds(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}

/** The same of the threads that live, to the nanosecond: for work too short for ticks. */
export function threadSecondsOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  return threads
    .map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]))
    .reduce((sum, nanoseconds) => sum + nanoseconds / 1_000_000_000, 0)
}

/** Resident memory of a process, bytes. */
export function residentBytesOf(pid: number): number {
  return parseResidentBytes(readFileSync(`/proc/${pid}/status`, 'utf8'))
}

/** Open file descriptors of a process. */
export function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** The name of the process may hold spaces and parentheses, so that fields are counted from its end. */
export function parseCpuSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user, system] = [Number(fields[11]), Number(fields[12])]
  if (!Number.isFinite(user + system)) throw new TypeError(`Not a line of /proc/PID/stat: ${stat}`)
  return (user + system) / ticksPerSecond
}

export function parseResidentBytes(status: string): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]
  if (kibibytes === undefined) throw new TypeError('No VmRSS in /proc/PID/status')
  return Number(kibibytes) * 1024
}
