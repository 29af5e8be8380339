import { type AppError, asAppError, type ErrorDetails } from '../base/errors.ts'
import { withHint } from './slack-call.ts'

/** What became of one item of a call that does several things: an agent that retries must know what was done already. */
export type ItemResult<Fields extends object = object> =
  | ({ readonly ok: true } & Fields)
  | ({ readonly ok: false; readonly error: ItemError } & Fields)

export interface ItemError {
  readonly code: string
  readonly message: string
  readonly details: ErrorDetails
}

/**
 * Does `run` for each item in turn and reports every one; goes on after a failure of one item. A cancelled call stops, and so does one that
 * would fail alike for every item (no token, breaker open). Rejects where all items failed for the same reason.
 */
export async function eachItem<Item, Fields extends object>(
  items: readonly Item[],
  fieldsOf: (item: Item, index: number) => Fields,
  run: (item: Item) => Promise<object>,
): Promise<readonly ItemResult<Fields>[]> {
  const results: ItemResult<Fields>[] = []
  const failures: AppError[] = []
  let stopped: AppError | undefined
  for (const [index, item] of items.entries()) {
    const fields = fieldsOf(item, index)
    if (stopped !== undefined) {
      results.push({ ok: false, ...fields, error: notTried(stopped) })
      continue
    }
    try {
      results.push({ ok: true, ...fields, ...(await run(item)) })
    } catch (thrown) {
      const error = asAppError(withHint(thrown))
      // Nothing was done yet: the whole call failed, and says so.
      if (stopsAll.has(error.code) && index === 0) throw error
      if (stopsAll.has(error.code)) stopped = error
      failures.push(error)
      results.push({ ok: false, ...fields, error: asItemError(error) })
    }
  }
  const [first] = failures
  const isOneFault = first !== undefined && failures.every((error) => sameFault(error, first))
  // Nothing was done, for one reason: the call failed, and says so as any other.
  if (failures.length === items.length && isOneFault) throw first
  return results
}

function sameFault(left: AppError, right: AppError): boolean {
  return left.code === right.code && left.details['slack_error'] === right.details['slack_error']
}

const stopsAll: ReadonlySet<string> = new Set([
  'CALL_CANCELLED',
  'SLACK_AUTH_FAILED',
  'SLACK_CIRCUIT_OPEN',
  'INTERNAL',
])

/** What was thrown, as the error of one item. */
export function asItemErrorOf(thrown: unknown): ItemError {
  return asItemError(asAppError(withHint(thrown)))
}

function asItemError({ code, message, details }: AppError): ItemError {
  return { code, message, details }
}

function notTried({ code }: AppError): ItemError {
  return { code, message: 'Not tried: the call stopped before.', details: {} }
}

/** `2 of 3 done`, and a line for each failure. */
export function renderItems(
  results: readonly ItemResult<{ readonly [key: string]: unknown }>[],
  label: (index: number) => string,
): string {
  const done = results.filter((result) => result.ok).length
  const failures = results.flatMap((result, index) =>
    result.ok ? [] : [`${label(index)}: ${describeItemError(result.error)}`],
  )
  return [`${done} of ${results.length} done.`, ...failures].join('\n')
}

/** Slack's own word for it, or ours, and what to do. */
export function describeItemError({ code, message, details }: ItemError): string {
  const { slack_error: slackError, hint } = details
  return [typeof slackError === 'string' ? slackError : code, typeof hint === 'string' ? hint : message].join(
    ': ',
  )
}
