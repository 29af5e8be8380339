import type { BodyBudget } from '../base/body.ts'
import type { Ids } from '../base/ids.ts'
import { bookmarkMethods } from './bookmark-methods.ts'
import { readCall } from './call-params.ts'
import { chatMethods } from './chat-methods.ts'
import { conversationMethods } from './conversation-methods.ts'
import { fileMethods } from './file-methods.ts'
import { historyMethods } from './history-methods.ts'
import { itemMethods } from './item-methods.ts'
import { type Method, type MethodTable, requireScope, type TokenGrant } from './method.ts'
import { Refusal } from './refusal.ts'
import type { Rendered } from './render-people.ts'
import { schedulingMethods } from './scheduling-methods.ts'
import { searchMethods } from './search-method.ts'
import { userMethods } from './user-methods.ts'
import { workspaceMethods } from './workspace-methods.ts'
import type { WorkspaceState } from './workspace-state.ts'

/** Every method that the workspace answers. */
export const webApiMethods: MethodTable = {
  ...workspaceMethods,
  ...conversationMethods,
  ...historyMethods,
  ...chatMethods,
  ...schedulingMethods,
  ...userMethods,
  ...itemMethods,
  ...bookmarkMethods,
  ...fileMethods,
  ...searchMethods,
}

export interface WebApiDeps {
  readonly state: WorkspaceState
  readonly ids: Ids
  readonly grants: readonly TokenGrant[]
  /** For the bodies that are being read at once. */
  readonly budget: BodyBudget
}

/** Answers one call of `name` as Slack does: HTTP 200 whatever happened, the outcome in `ok` and `error`. Never rejects for what a caller sent. */
export function createWebApi(deps: WebApiDeps): (name: string, request: Request) => Promise<Response> {
  return async (name, request) => {
    const method = Object.hasOwn(webApiMethods, name) ? webApiMethods[name] : undefined
    const seen: { grant?: TokenGrant } = {}
    try {
      if (method === undefined) throw new Refusal('unknown_method', { fields: { req_method: name } })
      const { params, token, warning } = await readCall(request, deps.budget)
      const grant = admit(method, token, deps.grants)
      if (grant !== undefined) seen.grant = grant
      const { origin } = new URL(request.url)
      const answer = method.run({ state: deps.state, params, grant: grant ?? nobody, origin })
      return respond({ ok: true, ...withWarning(answer, warning) }, method, seen.grant, deps.ids)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const answer = { ok: false, error: error.error, ...error.fields }
      return respond(answer, method, seen.grant, deps.ids)
    }
  }
}

/** The caller of a method that needs no token. */
const nobody: TokenGrant = { token: '', kind: 'user', userId: '', scopes: [] }

/** Who calls; undefined for nobody where the method allows that. Refuses in the order in which Slack does. */
function admit(
  method: Method,
  token: string | undefined,
  grants: readonly TokenGrant[],
): TokenGrant | undefined {
  if (method.isPublic === true && token === undefined) return undefined
  if (token === undefined) throw new Refusal('not_authed')
  const grant = grants.find((candidate) => candidate.token === token)
  if (grant === undefined) throw new Refusal('invalid_auth')
  if (method.tokenKind !== undefined && method.tokenKind !== grant.kind) {
    throw new Refusal('not_allowed_token_type')
  }
  requireScope(grant, method.scopes)
  return grant
}

function withWarning(answer: Rendered, warning: string | undefined): Rendered {
  if (warning === undefined || answer['warning'] !== undefined) return answer
  const metadata = answer['response_metadata']
  return {
    ...answer,
    warning,
    response_metadata: { ...(typeof metadata === 'object' ? metadata : {}), warnings: [warning] },
  }
}

function respond(
  answer: Rendered,
  method: Method | undefined,
  grant: TokenGrant | undefined,
  ids: Ids,
): Response {
  const error = answer['error']
  return Response.json(answer, {
    headers: {
      'x-slack-req-id': ids.uuid().replaceAll('-', ''),
      'x-slack-unique-id': ids.token(18),
      'cache-control': 'private, no-cache, no-store, must-revalidate',
      ...(grant !== undefined && { 'x-oauth-scopes': grant.scopes.join(',') }),
      ...(grant !== undefined &&
        method !== undefined && { 'x-accepted-oauth-scopes': method.scopes.join(',') }),
      ...(typeof error === 'string' && { 'x-slack-failure': error }),
    },
  })
}
