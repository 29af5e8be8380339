import { type Call, type MethodTable, requireScope } from './method.ts'
import { cutPage } from './page.ts'
import type { Person } from './people.ts'
import { Refusal } from './refusal.ts'
import { type Rendered, renderPerson } from './render-people.ts'

const listLimitMax = 1_000

export const userMethods: MethodTable = {
  'users.list': { scopes: ['users:read'], run: list },
  'users.info': { scopes: ['users:read'], run: info },
  'users.lookupByEmail': { scopes: ['users:read.email'], run: lookupByEmail },
}

/** Without a limit everybody at once, as Slack does it. */
function list(call: Call): Rendered {
  const { people } = call.state
  const { items, nextCursor } = cutPage<Person>(
    {
      count: people.count,
      at: (index) => people.at(index),
      indexOf: (id) => people.indexOf(id),
      idOf: ({ id }) => id,
    },
    {
      cursor: call.params.text('cursor'),
      limit: call.params.limit('limit', Number.MAX_SAFE_INTEGER, listLimitMax),
      label: 'user',
    },
  )
  return {
    members: items.map((person) => render(call, person)),
    cache_ts: Math.floor(call.state.clock.now() / 1000),
    response_metadata: { next_cursor: nextCursor },
  }
}

function info(call: Call): Rendered {
  const person = call.state.people.byId(call.params.required('user'))
  if (person === undefined) throw new Refusal('user_not_found')
  return { user: render(call, person) }
}

function lookupByEmail(call: Call): Rendered {
  const person = call.state.people.byEmail(call.params.required('email'))
  requireScope(call.grant, ['users:read'])
  if (person === undefined) throw new Refusal('users_not_found')
  return { user: render(call, person) }
}

function render({ grant, state }: Call, person: Person): Rendered {
  const hasEmail = grant.scopes.includes('users:read.email')
  return renderPerson(person, { hasEmail, updatedAtSeconds: state.startedAtSeconds })
}
