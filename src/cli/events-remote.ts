import { asIsoTime } from '../base/clock.ts'
import type { EventView, GroupView, LetterView, ViewOptions } from '../events/event-view.ts'
import type {
  DeadOutcome,
  DeadSelection,
  EventList,
  EventStats,
  EventsDesk,
  PurgeOutcome,
} from '../events/events-desk.ts'
import type { AdminClient, AdminRequest } from './admin-client.ts'
import { CommandFailure } from './command-failure.ts'
import { exitCodes } from './exit-codes.ts'

const path = '/admin/events'

/** The desk of a running server, by its admin routes. What they answer is taken as this release writes it. Rejects with CommandFailure. */
export function createRemoteDesk(client: AdminClient): EventsDesk {
  const ask = async <Answer>(request: AdminRequest): Promise<Answer> => {
    const answer = await client.ask(request)
    // cast: the server is ours, and of a release that has the route.
    if (answer !== undefined) return answer as Answer
    throw new CommandFailure(`${client.url} does not know what was asked for`, { exitCode: exitCodes.failed })
  }
  const get = <Answer>(end: string, query: AdminRequest['query'] = {}) =>
    ask<Answer>({ method: 'GET', path: `${path}${end}`, query })
  const post = <Answer>(end: string, body: object) =>
    ask<Answer>({ method: 'POST', path: `${path}${end}`, body })
  return {
    list: ({ limit, pattern, afterId, ...options }) =>
      get<EventList>('', { limit: String(limit), type: pattern, after: afterId, ...flagsOf(options) }),
    async show(id) {
      const answer = await client.ask({ method: 'GET', path: `${path}/event`, query: { id } })
      return answer as EventView | undefined
    },
    stats: () => get<EventStats>('/stats'),
    groups: async () => (await get<{ readonly groups: readonly GroupView[] }>('/groups')).groups,
    removeGroup: async (group) =>
      (await client.ask({ method: 'DELETE', path: `${path}/groups`, query: { group } })) !== undefined,
    async deadLetters(selection, { limit, ...options }) {
      const query = { ...selectionOf(selection), limit: String(limit), ...flagsOf(options) }
      return (await get<{ readonly letters: readonly LetterView[] }>('/dead', query)).letters
    },
    settleDead(what, selection, isDryRun) {
      const selected = selectionOf(selection)
      const all = Object.values(selected).every((value) => value === undefined)
      return post<DeadOutcome>(`/dead/${what}`, { ...selected, ...(all ? { all } : {}), dry_run: isDryRun })
    },
    purge: (receivedBeforeMs, isDryRun) =>
      post<PurgeOutcome>('/purge', { before: asIsoTime(receivedBeforeMs), dry_run: isDryRun }),
    async resumeForwarding() {
      const answer = await client.ask({ method: 'POST', path: `${path}/forward/resume` })
      return answer === undefined ? undefined : answer['resumed'] === true
    },
  }
}

function selectionOf({ id, group, pattern, reason, sinceMs, beforeMs }: DeadSelection) {
  return {
    id,
    group,
    type: pattern,
    reason,
    since: sinceMs === undefined ? undefined : asIsoTime(sinceMs),
    before: beforeMs === undefined ? undefined : asIsoTime(beforeMs),
  }
}

function flagsOf({ hasData, hasBody }: ViewOptions) {
  return {
    data: hasData === true ? 'true' : undefined,
    body: hasBody === true ? 'true' : undefined,
  }
}
