import { AppError } from '../base/errors.ts'
import { truncate } from '../base/text.ts'
import { createArgumentCheck } from './arguments.ts'
import { callTool, type ToolAnswer, type ToolCallDeps } from './call-tool.ts'
import { asCallError, type Caller, inCallContext } from './caller.ts'
import { InputNeeded } from './input-needed.ts'
import { createOfferIndex, type OfferIndex, type WireObject } from './offer-index.ts'
import { completeParams, getPromptParams, listParams, parseParams, readResourceParams } from './params.ts'
import type { CallContext, Offer, PrincipalPolicy, ResourceContents } from './registry.ts'

export interface SurfaceDeps extends Omit<ToolCallDeps, 'index' | 'checkArguments'> {
  readonly offer: Offer
}

/**
 * Everything MCP offers, once for all bindings. Methods take `params` as they came and reject with AppErrors for protocol faults (unknown name,
 * malformed params); what a caller can act on is a failed tool result. `InputNeeded` passes through to the binding that threw it.
 */
export interface Surface {
  readonly index: OfferIndex
  listTools(params: unknown, caller: Caller): Promise<WireObject>
  callTool(params: unknown, caller: Caller): Promise<ToolAnswer>
  listResources(params: unknown, caller: Caller): Promise<WireObject>
  listResourceTemplates(params: unknown, caller: Caller): Promise<WireObject>
  readResource(params: unknown, caller: Caller): Promise<WireObject>
  listPrompts(params: unknown, caller: Caller): Promise<WireObject>
  getPrompt(params: unknown, caller: Caller): Promise<WireObject>
  complete(params: unknown, caller: Caller): Promise<WireObject>
}

type Deps = ToolCallDeps

/** MCP's bound on the values of one completion. */
const completionValuesMax = 100

/** Throws TypeError where the offer contradicts itself. */
export function createSurface(options: SurfaceDeps): Surface {
  const index = createOfferIndex(options.offer)
  const deps: Deps = { ...options, index, checkArguments: createArgumentCheck() }
  const observed = createObserver(deps)
  return {
    index,
    listTools: (params, caller) =>
      observed('tools/list', caller, async () => ({
        tools: page(params, index.listTools(narrowed(caller.principal.policy, deps))),
      })),
    callTool: (params, caller) => callTool(params, caller, deps),
    listResources: (params, caller) =>
      observed('resources/list', caller, async () => ({ resources: page(params, index.resources) })),
    listResourceTemplates: (params, caller) =>
      observed('resources/templates/list', caller, async () => ({
        resourceTemplates: page(params, index.resourceTemplates),
      })),
    readResource: (params, caller) =>
      observed('resources/read', caller, () => readResource(params, caller, deps)),
    listPrompts: (params, caller) =>
      observed('prompts/list', caller, async () => ({ prompts: page(params, index.prompts) })),
    getPrompt: (params, caller) => observed('prompts/get', caller, () => getPrompt(params, caller, deps)),
    complete: (params, caller) =>
      observed('completion/complete', caller, () => complete(params, caller, deps)),
  }
}

/** The policy of a principal, narrowed by that of the server. */
function narrowed(policy: PrincipalPolicy, deps: Deps): PrincipalPolicy {
  return deps.isReadOnly() && !policy.isReadOnly ? { ...policy, isReadOnly: true } : policy
}

/** The lists fit one page, so no cursor was ever given out. */
function page(params: unknown, items: readonly WireObject[]): readonly WireObject[] {
  if (parseParams(listParams, params ?? {}).cursor === undefined) return items
  throw new AppError('MCP_REQUEST_INVALID', {
    details: { field: 'params.cursor', problem: 'unknown cursor' },
  })
}

async function readResource(params: unknown, caller: Caller, deps: Deps): Promise<WireObject> {
  const { uri } = parseParams(readResourceParams, params)
  return { contents: [await inCallContext(caller, deps, (context) => readAt(uri, context, deps))] }
}

async function readAt(uri: string, context: CallContext, { index }: Deps): Promise<ResourceContents> {
  const resource = index.resource(uri)
  if (resource !== undefined) return await resource.read(context)
  const match = index.matchTemplate(uri)
  if (match === undefined) throw unknownResource(uri)
  return await match.template.read(match.variables, uri, context)
}

/** The URI is told back: clients and the conformance suite look for `uri` in the data of the error. */
export function unknownResource(uri: string): AppError {
  return new AppError('RESOURCE_NOT_FOUND', { details: { uri: truncate(uri, 256) } })
}

async function getPrompt(params: unknown, caller: Caller, deps: Deps): Promise<WireObject> {
  const { name, arguments: args = {} } = parseParams(getPromptParams, params)
  const prompt = deps.index.prompt(name)
  if (prompt === undefined) throw unknownPrompt(name)
  const missing = prompt.arguments.find(({ name, isRequired }) => isRequired && !Object.hasOwn(args, name))
  if (missing !== undefined) {
    const details = { field: `params.arguments.${missing.name}`, problem: 'required' }
    throw new AppError('MCP_REQUEST_INVALID', { details })
  }
  const messages = await inCallContext(caller, deps, (context) => prompt.render(args, context))
  return { description: prompt.description, messages }
}

function unknownPrompt(name: string): AppError {
  return new AppError('PROMPT_NOT_FOUND', { details: { prompt: truncate(name, 128) } })
}

async function complete(params: unknown, caller: Caller, deps: Deps): Promise<WireObject> {
  const { index } = deps
  const { ref, argument } = parseParams(completeParams, params)
  const source = ref.type === 'ref/prompt' ? index.prompt(ref.name) : index.template(ref.uri)
  if (source === undefined) {
    if (ref.type === 'ref/prompt') throw unknownPrompt(ref.name)
    if (index.resource(ref.uri) === undefined) throw unknownResource(ref.uri)
  }
  const values = await inCallContext(
    caller,
    deps,
    async (context) => (await source?.complete?.(argument.name, argument.value, context)) ?? [],
  )
  const hasMore = values.length > completionValuesMax
  return { completion: { values: values.slice(0, completionValuesMax), hasMore } }
}

/** Runs `run` and measures it under the name of its method. */
function createObserver({ measure }: Deps) {
  return async (method: string, caller: Caller, run: () => Promise<WireObject>): Promise<WireObject> => {
    const end = measure(method)
    const version = caller.protocolVersion
    try {
      const result = await run()
      end({ version })
      return result
    } catch (thrown) {
      const outcome = thrown instanceof InputNeeded ? thrown : asCallError(thrown, caller.signal)
      end({ version, errorType: outcome instanceof AppError ? outcome.code : undefined })
      throw outcome
    }
  }
}
