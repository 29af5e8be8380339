import { asAppError } from '../base/errors.ts'
import { isObject } from '../base/json-object.ts'
import { parseTraceContext } from '../observe/trace-context.ts'
import type { Span, SpanAttributes, SpanOptions, Tracer } from '../observe/tracer.ts'
import type { ToolAnswer } from './call-tool.ts'
import { asCallError, type Caller } from './caller.ts'
import { InputNeeded } from './input-needed.ts'
import type { OfferIndex, WireObject } from './offer-index.ts'
import type { Surface } from './surface.ts'

type Operation<Result> = (params: unknown, caller: Caller) => Promise<Result>

/**
 * The surface as it is without a tracer, else with a span around each request: under the context in `params._meta` where a client gives one (SEP-414), which then links to the HTTP
 * request, else under that. Names and attributes: https://github.com/open-telemetry/semantic-conventions-genai, docs/gen-ai/mcp.md
 */
export function traceSurface(surface: Surface, tracer: Tracer | undefined): Surface {
  if (tracer === undefined) return surface
  const traced =
    <Result extends WireObject | ToolAnswer>(method: string, run: Operation<Result>): Operation<Result> =>
    async (params, caller) => {
      const subject = subjectOf(method, params, surface.index)
      const span = tracer.startSpan(subject === undefined ? method : `${method} ${subject.name}`, {
        ...placeOf(params, tracer),
        kind: 'server',
        attributes: {
          'mcp.method.name': method,
          'mcp.protocol.version': caller.protocolVersion,
          'slackmcp.correlation_id': caller.correlationId,
          ...subject?.attributes,
        },
      })
      try {
        const result = await tracer.run(span, () => run(params, caller))
        noteToolError(span, result)
        return result
      } catch (thrown) {
        // A question to the user, not a failure.
        if (!(thrown instanceof InputNeeded)) span.fail(asCallError(thrown, caller.signal).code)
        throw thrown
      } finally {
        span.end()
      }
    }
  return {
    index: surface.index,
    listTools: traced('tools/list', surface.listTools),
    callTool: traced('tools/call', surface.callTool),
    listResources: traced('resources/list', surface.listResources),
    listResourceTemplates: traced('resources/templates/list', surface.listResourceTemplates),
    readResource: traced('resources/read', surface.readResource),
    listPrompts: traced('prompts/list', surface.listPrompts),
    getPrompt: traced('prompts/get', surface.getPrompt),
    complete: traced('completion/complete', surface.complete),
  }
}

function noteToolError(span: Span, { error }: WireObject | ToolAnswer): void {
  if (error === undefined) return
  span.set({ 'slackmcp.error.code': asAppError(error).code })
  span.fail('tool_error')
}

function placeOf(params: unknown, tracer: Tracer): Pick<SpanOptions, 'parent' | 'link'> {
  const meta = isObject(params) ? params['_meta'] : undefined
  const parent = isObject(meta) ? parseTraceContext(meta['traceparent'], meta['tracestate']) : undefined
  return parent === undefined ? {} : { parent, link: tracer.active() }
}

/** What is asked for, where it is something that we have: a name that a client made up is not told. */
function subjectOf(
  method: string,
  params: unknown,
  index: OfferIndex,
): { readonly name: string; readonly attributes: SpanAttributes } | undefined {
  const name = isObject(params) ? params['name'] : undefined
  if (typeof name !== 'string') return undefined
  if (method === 'tools/call' && index.tool(name) !== undefined) {
    return { name, attributes: { 'gen_ai.tool.name': name, 'gen_ai.operation.name': 'execute_tool' } }
  }
  if (method === 'prompts/get' && index.prompt(name) !== undefined) {
    return { name, attributes: { 'gen_ai.prompt.name': name } }
  }
  return undefined
}
