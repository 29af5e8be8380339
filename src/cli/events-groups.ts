import type { CliContext, ParsedFlags } from './cli-context.ts'
import { CommandFailure } from './command-failure.ts'
import { asCell, asJsonLine, groupTable, isForPrograms } from './event-lines.ts'
import { withEvents } from './events-access.ts'
import { exitCodes } from './exit-codes.ts'
import { UsageError } from './usage-error.ts'

/** Prints the groups that events are kept for. */
export function runGroupsList(context: CliContext, flags: ParsedFlags): Promise<number> {
  return withEvents(context, flags, async ({ desk }) => {
    const groups = await desk.groups()
    context.stdout.write(isForPrograms(context, flags) ? groups.map(asJsonLine).join('') : groupTable(groups))
    return exitCodes.done
  })
}

/** Forgets a group, with what it has not acknowledged. 1 where there is none of this name. */
export async function runGroupsRemove(context: CliContext, flags: ParsedFlags): Promise<number> {
  const [group] = flags.arguments
  if (group === undefined)
    throw new UsageError('give the name of a group, as in "events groups remove billing"')
  return await withEvents(context, flags, async ({ desk }) => {
    const pending = (await desk.groups()).find((info) => info.group === group)?.pending
    if (pending === undefined || !(await desk.removeGroup(group))) {
      throw new CommandFailure(`there is no group ${asCell(group)}`, { exitCode: exitCodes.failed })
    }
    const says = `Forgot ${asCell(group)}, which had not acknowledged ${pending}.\n`
    context.stdout.write(isForPrograms(context, flags) ? asJsonLine({ group, removed: true, pending }) : says)
    return exitCodes.done
  })
}
