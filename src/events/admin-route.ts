import { type AnyElysia, Elysia } from 'elysia'
import type { BodyBudget } from '../base/body.ts'
import { AppError } from '../base/errors.ts'
import type { AdminGate } from './admin-gate.ts'
import { describe, invalid, readJson, readQuery } from './admin-request.ts'
import {
  adminErrors,
  deadOutcomeSchema,
  deadQuerySchema,
  eventSchema,
  groupQuerySchema,
  groupsSchema,
  idQuerySchema,
  lettersSchema,
  listQuerySchema,
  listSchema,
  purgeOutcomeSchema,
  purgeSchema,
  removedSchema,
  resumedSchema,
  settleDeadSchema,
  statsSchema,
} from './admin-schemas.ts'
import { type DeadSelection, type EventsDesk, listMax } from './events-desk.ts'

export interface AdminRouteDeps {
  readonly desk: EventsDesk
  readonly gate: AdminGate
  readonly bodyBudget: BodyBudget
}

const limitDefault = 20

/** What operators ask and do about kept events. Only the admin token opens these routes. */
export function createAdminRoutes(deps: AdminRouteDeps): readonly AnyElysia[] {
  return [createReading(deps), createChanging(deps)]
}

const path = '/admin/events'

function createReading({ desk, gate }: AdminRouteDeps) {
  return new Elysia({ name: 'admin-reading', strictPath: true })
    .onTransform(({ request }) => gate(request))
    .get(
      path,
      async ({ request }) => {
        const { limit, type, after, data, body } = readQuery(request, listQuerySchema)
        return answer(
          await desk.list({
            limit: asCount(limit),
            pattern: type,
            afterId: after,
            hasData: data === 'true',
            hasBody: body === 'true',
          }),
        )
      },
      {
        response: { 200: listSchema, ...adminErrors },
        detail: describe('The newest events kept, newest last', { query: listQuerySchema }),
      },
    )
    .get(
      `${path}/event`,
      async ({ request }) => answer(await desk.show(readQuery(request, idQuerySchema).id)),
      {
        response: { 200: eventSchema, ...adminErrors },
        detail: describe('One kept event, with its bytes', { query: idQuerySchema }),
      },
    )
    .get(`${path}/stats`, async () => answer(await desk.stats()), {
      response: { 200: statsSchema, ...adminErrors },
      detail: describe('How much is kept, who is behind, how forwarding stands'),
    })
    .get(`${path}/groups`, async () => answer({ groups: await desk.groups() }), {
      response: { 200: groupsSchema, ...adminErrors },
      detail: describe('The groups that events are kept for'),
    })
    .get(
      `${path}/dead`,
      async ({ request }) => {
        const { limit, data, body, ...given } = readQuery(request, deadQuerySchema)
        const options = { limit: asCount(limit), hasData: data === 'true', hasBody: body === 'true' }
        return answer({ letters: await desk.deadLetters(asSelection(given), options) })
      },
      {
        response: { 200: lettersSchema, ...adminErrors },
        detail: describe('The newest dead letters, newest last', { query: deadQuerySchema }),
      },
    )
}

function createChanging({ desk, gate, bodyBudget }: AdminRouteDeps) {
  const settle = (what: 'replay' | 'purge') => async (request: Request) => {
    const { all, dry_run: isDryRun = true, ...given } = await readJson(request, settleDeadSchema, bodyBudget)
    if (all !== true && Object.keys(given).length === 0) throw invalid('all')
    return answer(await desk.settleDead(what, asSelection(given), isDryRun))
  }
  const [replay, purgeDead] = [settle('replay'), settle('purge')]
  return new Elysia({ name: 'admin-changing', strictPath: true })
    .onTransform(({ request }) => gate(request))
    .delete(
      `${path}/groups`,
      async ({ request }) => {
        const { group } = readQuery(request, groupQuerySchema)
        return answer((await desk.removeGroup(group)) ? { removed: true } : undefined)
      },
      {
        parse: 'none',
        response: { 200: removedSchema, ...adminErrors },
        detail: describe('Forget a group, so that nothing is kept for it any more', {
          query: groupQuerySchema,
        }),
      },
    )
    .post(`${path}/dead/replay`, ({ request }) => replay(request), {
      parse: 'none',
      response: { 200: deadOutcomeSchema, ...adminErrors },
      detail: describe('Hand dead letters to their groups again', { body: settleDeadSchema }),
    })
    .post(`${path}/dead/purge`, ({ request }) => purgeDead(request), {
      parse: 'none',
      response: { 200: deadOutcomeSchema, ...adminErrors },
      detail: describe('Remove dead letters for good', { body: settleDeadSchema }),
    })
    .post(
      `${path}/purge`,
      async ({ request }) => {
        const { before, dry_run: isDryRun = true } = await readJson(request, purgeSchema, bodyBudget)
        return answer(await desk.purge(asMs(before, 'before'), isDryRun))
      },
      {
        parse: 'none',
        response: { 200: purgeOutcomeSchema, ...adminErrors },
        detail: describe('Remove old events for good, acknowledged or not', { body: purgeSchema }),
      },
    )
    .post(
      `${path}/forward/resume`,
      async () => {
        const resumed = await desk.resumeForwarding()
        return answer(resumed === undefined ? undefined : { resumed })
      },
      {
        parse: 'none',
        response: { 200: resumedSchema, ...adminErrors },
        detail: describe('Go on forwarding after the endpoint answered 410; false where it was not paused'),
      },
    )
}

function answer(body: object | undefined): Response {
  if (body === undefined) throw new AppError('NOT_FOUND')
  return Response.json(body, {
    headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
  })
}

function asCount(text: string | undefined): number {
  return Math.min(listMax, text === undefined ? limitDefault : Number(text))
}

function asSelection(given: {
  readonly id?: string
  readonly group?: string
  readonly type?: string
  readonly reason?: string
  readonly since?: string
  readonly before?: string
}): DeadSelection {
  const { id, group, type: pattern, reason, since, before } = given
  return {
    id,
    group,
    pattern,
    reason,
    sinceMs: since === undefined ? undefined : asMs(since, 'since'),
    beforeMs: before === undefined ? undefined : asMs(before, 'before'),
  }
}

function asMs(text: string, parameter: string): number {
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw invalid(parameter)
  return ms
}
