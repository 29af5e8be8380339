import type { CliContext, ParsedFlags } from './cli-context.ts'
import { CommandFailure } from './command-failure.ts'
import { asCell, asJsonLine, eventPage, isForPrograms } from './event-lines.ts'
import { withEvents } from './events-access.ts'
import { exitCodes } from './exit-codes.ts'
import { UsageError } from './usage-error.ts'

/** Prints one kept event with what it says. 1 where there is none of this id. */
export async function runEventsShow(context: CliContext, flags: ParsedFlags): Promise<number> {
  const [id] = flags.arguments
  if (id === undefined) throw new UsageError('give the id of an event, as in "events show Ev0123456789"')
  return await withEvents(context, flags, async ({ desk }) => {
    const event = await desk.show(id)
    if (event === undefined)
      throw new CommandFailure(`no event ${asCell(id)} is kept`, { exitCode: exitCodes.failed })
    context.stdout.write(isForPrograms(context, flags) ? asJsonLine(event) : eventPage(event))
    return exitCodes.done
  })
}
