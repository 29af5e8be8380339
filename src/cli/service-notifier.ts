import { type Clock, repeat, type Timer } from '../base/clock.ts'
import { asOneLine } from '../base/text.ts'
import type { Environment } from '../config/config-sources.ts'

/** Tells the service manager how the process is, by the protocol of sd_notify(3). Without one everything here does nothing. */
export interface ServiceNotifier {
  /** It serves; `status` is what "systemctl status" shows. From now on the watchdog is told at half its interval that the event loop turns. */
  ready(status: string): void
  /** It reads its configuration again; `reloaded` or the like is to follow. */
  reloading(): void
  /** It serves as before `reloading`. */
  reloaded(status: string): void
  /** It drains. */
  stopping(): void
  /** Nothing is said any more. */
  close(): void
}

/** Where notices go to. */
export interface NotifySocket {
  /** false where the notice could not be handed over. */
  send(text: string): boolean
  /** CLOCK_MONOTONIC of the system: by it the service manager tells one reload from the next. */
  monotonicMicroseconds(): bigint
  close(): void
}

export interface ServiceNotifierDeps {
  readonly clock: Clock
  readonly env: Environment
  readonly pid: number
  /** undefined where nobody asked to be told. */
  readonly socket: NotifySocket | undefined
  /** Called once, at the first notice that could not be handed over: the service manager will not wait for ever. */
  readonly onFailed: () => void
}

export function createServiceNotifier({
  socket,
  clock,
  onFailed,
  ...deps
}: ServiceNotifierDeps): ServiceNotifier {
  const intervalMs = watchdogIntervalMs(deps)
  let watchdog: Timer | undefined
  let hasFailed = false
  const say = (...lines: readonly string[]) => {
    if (socket === undefined || socket.send(lines.join('\n')) || hasFailed) return
    hasFailed = true
    onFailed()
  }
  return {
    ready(status) {
      say('READY=1', `STATUS=${asOneLine(status)}`)
      if (socket !== undefined && intervalMs !== undefined)
        watchdog ??= repeat(clock, intervalMs / 2, () => say('WATCHDOG=1'))
    },
    reloading() {
      if (socket !== undefined) say('RELOADING=1', `MONOTONIC_USEC=${socket.monotonicMicroseconds()}`)
    },
    reloaded: (status) => say('READY=1', `STATUS=${asOneLine(status)}`),
    // The watchdog goes on: a stop that hangs is to be noticed too.
    stopping: () => say('STOPPING=1', 'STATUS=Finishing what is in flight'),
    close() {
      watchdog?.cancel()
      socket?.close()
    },
  }
}

/** WATCHDOG_USEC in milliseconds, where it is meant for this process (sd_watchdog_enabled(3)). */
function watchdogIntervalMs({ env, pid }: Pick<ServiceNotifierDeps, 'env' | 'pid'>): number | undefined {
  const microseconds = env['WATCHDOG_USEC'] ?? ''
  const isForUs = [undefined, '', String(pid)].includes(env['WATCHDOG_PID'])
  return isForUs && /^[1-9]\d{0,14}$/.test(microseconds) ? Number(microseconds) / 1000 : undefined
}
