import type { Server } from '@modelcontextprotocol/sdk/server/index.js'
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import {
  CreateMessageResultSchema,
  type ElicitRequestFormParams,
  ElicitResultSchema,
  ListRootsResultSchema,
  type ServerNotification,
  type ServerRequest,
} from '@modelcontextprotocol/sdk/types.js'
import { AppError } from '../base/errors.ts'
import type { Asking } from './caller.ts'
import { isAccepted } from './elicit-schema.ts'
import type { ClientAnswer, ClientRequest } from './registry.ts'

/** How long a person may think before the call goes on without an answer. */
const answerWithinMs = 5 * 60_000

/** Only what is needed of the two: what the client can, and how to reach it on the stream of the call. */
type Reach = Pick<RequestHandlerExtra<ServerRequest, ServerNotification>, 'sendRequest' | 'signal'>

/** Questions to the client as requests on the stream of the call; undefined where the client said that it takes none. */
export function createLegacyAsking(server: Server, reach: Reach): Asking | undefined {
  const capabilities = server.getClientCapabilities()
  const kinds: Readonly<Record<ClientRequest['kind'], boolean>> = {
    elicit: capabilities?.elicitation !== undefined,
    sample: capabilities?.sampling !== undefined,
    roots: capabilities?.roots !== undefined,
  }
  if (!kinds.elicit && !kinds.sample && !kinds.roots) return undefined
  return {
    can: (kind) => kinds[kind],
    async ask(requests) {
      const answers = new Map<string, ClientAnswer>()
      for (const [key, request] of Object.entries(requests)) {
        if (!kinds[request.kind])
          throw new AppError('MCP_CLIENT_INCAPABLE', { details: { kind: request.kind } })
        answers.set(key, await askOne(request, reach))
      }
      return answers
    },
  }
}

async function askOne(request: ClientRequest, { sendRequest, signal }: Reach): Promise<ClientAnswer> {
  const options = { timeout: answerWithinMs, signal }
  switch (request.kind) {
    case 'elicit': {
      // The schema is a flat JSON Schema object by contract; the SDK's type spells out each kind of field.
      const requestedSchema = request.schema as ElicitRequestFormParams['requestedSchema']
      const params = { mode: 'form' as const, message: request.message, requestedSchema }
      const { action, content = {} } = await sendRequest(
        { method: 'elicitation/create', params },
        ElicitResultSchema,
        options,
      )
      if (action !== 'accept') return { kind: 'elicit', action }
      // What comes back is a client's word; a value that was not asked for is no consent.
      if (!isAccepted(request.schema, content)) return { kind: 'elicit', action: 'cancel' }
      return { kind: 'elicit', action, content }
    }
    case 'sample': {
      const content = { type: 'text' as const, text: request.prompt }
      const params = { messages: [{ role: 'user' as const, content }], maxTokens: request.tokensMax }
      const result = await sendRequest(
        { method: 'sampling/createMessage', params },
        CreateMessageResultSchema,
        options,
      )
      return { kind: 'sample', text: result.content.type === 'text' ? result.content.text : '' }
    }
    case 'roots': {
      const { roots } = await sendRequest({ method: 'roots/list' }, ListRootsResultSchema, options)
      return { kind: 'roots', uris: roots.map(({ uri }) => uri) }
    }
  }
}
