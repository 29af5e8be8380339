import type { ToolAnswer } from './call-tool.ts'
import { type Caller, createSilentCaller } from './caller.ts'
import type { Visit } from './door.ts'
import type { WireObject } from './offer-index.ts'
import type { Surface } from './surface.ts'

type RestOperation = (visit: Visit, signal: AbortSignal) => Promise<ToolAnswer>

/** MCP for callers that speak plain REST (D2). Rejects with the AppErrors of the surface. */
export interface RestFacade {
  readonly listTools: RestOperation
  readonly callTool: RestOperation
  readonly listResources: RestOperation
  readonly listResourceTemplates: RestOperation
  readonly readResource: RestOperation
  readonly listPrompts: RestOperation
  readonly getPrompt: RestOperation
}

export function createRestFacade(surface: Surface): RestFacade {
  return {
    listTools: answers((_, caller) => surface.listTools(undefined, caller)),
    callTool: (visit, signal) => surface.callTool(visit.body, asCaller(visit, signal)),
    listResources: answers((_, caller) => surface.listResources(undefined, caller)),
    listResourceTemplates: answers((_, caller) => surface.listResourceTemplates(undefined, caller)),
    readResource: answers(({ body }, caller) => surface.readResource(body, caller)),
    listPrompts: answers((_, caller) => surface.listPrompts(undefined, caller)),
    getPrompt: answers(({ body }, caller) => surface.getPrompt(body, caller)),
  }
}

function answers(run: (visit: Visit, caller: Caller) => Promise<WireObject>): RestOperation {
  return async (visit, signal) => ({ error: undefined, result: await run(visit, asCaller(visit, signal)) })
}

/** Who hangs up cancels. */
function asCaller({ principal, correlationId }: Visit, signal: AbortSignal): Caller {
  return createSilentCaller({ principal, correlationId, signal, protocolVersion: 'rest' })
}
