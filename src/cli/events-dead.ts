import type { DeadSelection } from '../events/events-desk.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { CommandFailure } from './command-failure.ts'
import {
  asCell,
  asCount,
  asJsonLine,
  asMoment,
  eventPage,
  isForPrograms,
  letterTable,
} from './event-lines.ts'
import { withEvents } from './events-access.ts'
import { exitCodes } from './exit-codes.ts'
import { UsageError } from './usage-error.ts'

const limitDefault = 20
const limitMax = 1_000

/** Prints the newest dead letters. */
export function runDeadList(context: CliContext, flags: ParsedFlags): Promise<number> {
  const limit = asCount(flags.own['limit'], { flag: '--limit', fallback: limitDefault, max: limitMax })
  const selection = selectionOf(context, flags)
  return withEvents(context, flags, async ({ desk }) => {
    const letters = await desk.deadLetters(selection, { limit })
    context.stdout.write(
      isForPrograms(context, flags) ? letters.map(asJsonLine).join('') : letterTable(letters),
    )
    return exitCodes.done
  })
}

/** Prints the dead letters of one event with what it says, one for each group that gave it up. 1 where there is none. */
export async function runDeadShow(context: CliContext, flags: ParsedFlags): Promise<number> {
  const selection = selectionOf(context, flags)
  const { id } = selection
  if (id === undefined) throw new UsageError('give the id of an event, as in "events dead show Ev0123456789"')
  return await withEvents(context, flags, async ({ desk }) => {
    const letters = await desk.deadLetters(selection, { limit: limitMax, hasData: true, hasBody: true })
    if (letters.length === 0)
      throw new CommandFailure(`there is no dead letter ${asCell(id)}`, { exitCode: exitCodes.failed })
    const render = isForPrograms(context, flags) ? asJsonLine : eventPage
    context.stdout.write(letters.map(render).join(''))
    return exitCodes.done
  })
}

export function runDeadReplay(context: CliContext, flags: ParsedFlags): Promise<number> {
  return settle(context, flags, 'replay')
}

export function runDeadPurge(context: CliContext, flags: ParsedFlags): Promise<number> {
  return settle(context, flags, 'purge')
}

/** Replays or removes what is selected; without --yes only says what that would be. 1 where some could not be replayed. */
async function settle(context: CliContext, flags: ParsedFlags, what: 'replay' | 'purge'): Promise<number> {
  const selection = selectionOf(context, flags)
  const isSelected = Object.values(selection).some((value) => value !== undefined)
  if (isSelected === (flags.own['all'] === true)) {
    throw new UsageError(
      isSelected
        ? '--all is every dead letter: leave the selection away'
        : 'give an id, a selection, or --all',
    )
  }
  const isDryRun = flags.own['yes'] !== true
  return await withEvents(context, flags, async ({ desk }) => {
    const outcome = await desk.settleDead(what, selection, isDryRun)
    const { matched, done, letters } = outcome
    if (isForPrograms(context, flags)) {
      context.stdout.write(asJsonLine(outcome))
    } else {
      if (letters.length > 0) context.stdout.write(`${letterTable(letters)}\n`)
      context.stdout.write(isDryRun ? drySentence(matched, what) : doneSentence(matched, done, what))
    }
    return isDryRun || done === matched ? exitCodes.done : exitCodes.failed
  })
}

function drySentence(matched: number, what: 'replay' | 'purge'): string {
  if (matched === 0) return 'No dead letter is meant.\n'
  return `${matched} would be ${what === 'replay' ? 'replayed' : 'removed for good'}; --yes does it.\n`
}

function doneSentence(matched: number, done: number, what: 'replay' | 'purge'): string {
  const left = done === matched ? '' : `, ${matched - done} not: gone meanwhile, or the group is`
  return `${done} ${what === 'replay' ? 'replayed' : 'removed'}${left}.\n`
}

function selectionOf({ clock }: CliContext, { own, arguments: [id] }: ParsedFlags): DeadSelection {
  const text = (name: string) => (own[name] === undefined ? undefined : String(own[name]))
  const { since, before } = own
  return {
    id,
    group: text('group'),
    pattern: text('type'),
    reason: text('reason'),
    sinceMs: since === undefined ? undefined : asMoment(since, clock.now(), '--since'),
    beforeMs: before === undefined ? undefined : asMoment(before, clock.now(), '--before'),
  }
}
