import type { Clock } from '../base/clock.ts'

/**
 * Slack's message ids: `<10 digits of seconds>.<6 digits>`, text, unique and increasing. All of one length, so they sort as text.
 * https://github.com/slackhq/slack-api-docs/issues/7
 */

export interface Timestamps {
  /** A fresh id: the clock's time, or the next free one where that is taken. */
  next(): string
  /** The id of something that happened `minutesAgo`; the caller takes care that it is free. */
  ago(minutesAgo: number): string
}

export function createTimestamps(clock: Clock): Timestamps {
  let lastUs = 0
  return {
    next() {
      lastUs = Math.max(Math.floor(clock.now()) * 1_000, lastUs + 1)
      return asTs(lastUs)
    },
    ago: (minutesAgo) => asTs(Math.floor(clock.now() - minutesAgo * 60_000) * 1_000),
  }
}

function asTs(microseconds: number): string {
  const digits = String(microseconds)
  return `${digits.slice(0, -6)}.${digits.slice(-6)}`
}

const pattern = /^(\d{1,10})(?:\.(\d{1,6}))?$/

/** `text` in the full form that sorts as text: callers may leave out the fraction or give `0`. Undefined where it is no timestamp. */
export function asSortableTs(text: string): string | undefined {
  const match = pattern.exec(text)
  return match === null
    ? undefined
    : `${(match[1] ?? '').padStart(10, '0')}.${(match[2] ?? '').padEnd(6, '0')}`
}

/** The whole seconds of a timestamp. */
export function secondsOf(ts: string): number {
  return Number.parseInt(ts, 10)
}
