import type { EventStats } from '../events/events-desk.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { asCell, asJsonLine, groupTable, isForPrograms } from './event-lines.ts'
import { withEvents } from './events-access.ts'
import { exitCodes } from './exit-codes.ts'
import { renderTable } from './table-layout.ts'

/** Prints how much is kept, for whom, and how forwarding stands. */
export function runEventsStats(context: CliContext, flags: ParsedFlags): Promise<number> {
  return withEvents(context, flags, async ({ desk }) => {
    const stats = await desk.stats()
    context.stdout.write(isForPrograms(context, flags) ? asJsonLine(stats) : asPage(stats))
    return exitCodes.done
  })
}

function asPage(stats: EventStats): string {
  const { groups, forward } = stats
  const rows = [
    ['queue', `${asCell(stats.backend)}, ${stats.durable ? 'survives kill -9' : 'lost with the process'}`],
    ['topic', asCell(stats.topic)],
    ['events', `${stats.events} of at most ${stats.events_max}, ${stats.bytes} bytes`],
    ['pending', `${stats.pending}, ${Math.round(stats.fill * 100)} % of the bound`],
    ['oldest', asCell(stats.oldest_at)],
    ['dead letters', String(stats.dead_letters)],
    ['breaker', asCell(stats.breaker)],
    ['forward', forward === null ? '-' : forwardText(forward)],
  ]
  return groups.length === 0 ? renderTable(rows) : `${renderTable(rows)}\n${groupTable(groups)}`
}

function forwardText({
  host,
  state,
  breaker,
  last_failure: lastFailure,
}: NonNullable<EventStats['forward']>): string {
  const failed = lastFailure === null ? '' : `, last failure ${asCell(lastFailure)}`
  return `${asCell(host)} ${asCell(state)}, breaker ${asCell(breaker)}${failed}`
}
