import { type Caller, createSilentCaller } from './caller.ts'
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
    listTools: (visit, signal) => surface.listTools(undefined, asCaller(visit, signal)),
    async callTool(visit, signal) {
      const { error, result } = await surface.callTool(visit.body, asCaller(visit, signal))
      if (error !== undefined) throw error
      return result
    },
    listResources: (visit, signal) => surface.listResources(undefined, asCaller(visit, signal)),
    listResourceTemplates: (visit, signal) =>
      surface.listResourceTemplates(undefined, asCaller(visit, signal)),
    readResource: (visit, signal) => surface.readResource(visit.body, asCaller(visit, signal)),
    listPrompts: (visit, signal) => surface.listPrompts(undefined, asCaller(visit, signal)),
    getPrompt: (visit, signal) => surface.getPrompt(visit.body, asCaller(visit, signal)),
  }
}

/** Who hangs up cancels. */
function asCaller({ principal, correlationId }: Visit, signal: AbortSignal): Caller {
  return createSilentCaller({ principal, correlationId, signal, protocolVersion: 'rest' })
}
