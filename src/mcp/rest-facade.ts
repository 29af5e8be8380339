import type { Caller } from './caller.ts'
import type { Visit } from './door.ts'
import type { WireObject } from './offer-index.ts'
import type { Surface } from './surface.ts'

/** MCP for callers that speak plain REST (D2): each operation answers the MCP result, or throws the AppError of a failed tool. */
export interface RestFacade {
  listTools(visit: Visit, signal: AbortSignal): Promise<WireObject>
  callTool(visit: Visit, signal: AbortSignal): Promise<WireObject>
  listResources(visit: Visit, signal: AbortSignal): Promise<WireObject>
  listResourceTemplates(visit: Visit, signal: AbortSignal): Promise<WireObject>
  readResource(visit: Visit, signal: AbortSignal): Promise<WireObject>
  listPrompts(visit: Visit, signal: AbortSignal): Promise<WireObject>
  getPrompt(visit: Visit, signal: AbortSignal): Promise<WireObject>
}

export function createRestFacade(surface: Surface): RestFacade {
  return {
    listTools: async (visit) => surface.listTools(undefined, visit),
    async callTool(visit, signal) {
      const { error, result } = await surface.callTool(visit.body, asCaller(visit, signal))
      if (error !== undefined) throw error
      return result
    },
    listResources: async () => surface.listResources(undefined),
    listResourceTemplates: async () => surface.listResourceTemplates(undefined),
    readResource: (visit, signal) => surface.readResource(visit.body, asCaller(visit, signal)),
    listPrompts: async () => surface.listPrompts(undefined),
    getPrompt: (visit, signal) => surface.getPrompt(visit.body, asCaller(visit, signal)),
  }
}

/** One request, one answer: nothing can be told or asked in between, and who hangs up cancels. */
function asCaller({ principal, correlationId }: Visit, signal: AbortSignal): Caller {
  return {
    principal,
    correlationId,
    signal,
    protocolVersion: 'rest',
    progress: () => undefined,
    ask: undefined,
    tell: () => undefined,
    releaseConnection: () => undefined,
  }
}
