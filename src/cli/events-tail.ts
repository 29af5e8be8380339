import { sleep } from '../base/clock.ts'
import type { EventsDesk } from '../events/events-desk.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { asCount, asJsonLine, eventLine, isForPrograms } from './event-lines.ts'
import { type EventsWork, withEvents } from './events-access.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'

const limitDefault = 10
const limitMax = 1_000
/** Soon enough for a person; a server hardly notices. */
const lookEveryMs = 1_000

/** Prints the newest events, then those that come, until Ctrl-C; with --once only what is there. */
export function runEventsTail(context: CliContext, flags: ParsedFlags): Promise<number> {
  const limit = asCount(flags.own['limit'], { flag: '--limit', fallback: limitDefault, max: limitMax })
  return withEvents(context, flags, (work) => tail(context, flags, limit, work))
}

async function tail(
  context: CliContext,
  flags: ParsedFlags,
  limit: number,
  { desk, signal }: EventsWork,
): Promise<ExitCode> {
  const isJson = isForPrograms(context, flags)
  const pattern = flags.own['type'] === undefined ? undefined : String(flags.own['type'])
  let afterId = await print(context, desk, { limit, pattern, afterId: undefined, isJson })
  while (flags.own['once'] !== true && !signal.aborted) {
    await sleep(context.clock, lookEveryMs, signal)
    // Whoever follows has waited for it: that it ends is no failure.
    if (!signal.aborted) afterId = await print(context, desk, { limit: limitMax, pattern, afterId, isJson })
  }
  return exitCodes.done
}

interface Look {
  readonly limit: number
  readonly pattern: string | undefined
  readonly afterId: string | undefined
  readonly isJson: boolean
}

/** Prints what came after `afterId`; resolves with what to go on after. */
async function print(
  { stdout, stderr }: CliContext,
  desk: EventsDesk,
  { limit, pattern, afterId, isJson }: Look,
): Promise<string | undefined> {
  const {
    events,
    last_id: lastId,
    has_gap: hasGap,
  } = await desk.list({ limit, pattern, afterId, hasData: isJson })
  if (hasGap) stderr.write('some events came and went unseen\n')
  for (const event of events) stdout.write(isJson ? asJsonLine(event) : eventLine(event))
  return lastId ?? undefined
}
