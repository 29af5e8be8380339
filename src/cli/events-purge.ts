import { asIsoTime } from '../base/clock.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { asJsonLine, asMoment, isForPrograms } from './event-lines.ts'
import { withEvents } from './events-access.ts'
import { exitCodes } from './exit-codes.ts'
import { UsageError } from './usage-error.ts'

/** Removes kept events that arrived before a time, acknowledged or not; without --yes only says how many that would be. */
export async function runEventsPurge(context: CliContext, flags: ParsedFlags): Promise<number> {
  const { before, yes } = flags.own
  if (before === undefined) throw new UsageError('give --before, as in "events purge --before 7d"')
  const beforeMs = asMoment(before, context.clock.now(), '--before')
  return await withEvents(context, flags, async ({ desk }) => {
    const outcome = await desk.purge(beforeMs, yes !== true)
    const { removed, dry_run: isDryRun } = outcome
    const arrived = `that arrived before ${asIsoTime(beforeMs)}`
    const says = isDryRun
      ? `${removed} events ${arrived} would be removed for good, acknowledged or not; --yes does it.\n`
      : `Removed ${removed} events ${arrived}.\n`
    context.stdout.write(isForPrograms(context, flags) ? asJsonLine(outcome) : says)
    return exitCodes.done
  })
}
