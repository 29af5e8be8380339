import type { Static, TObject } from '@sinclair/typebox'
import { AppError, asAppError } from '../base/errors.ts'
import { asOneLine, truncate } from '../base/text.ts'
import type { CallContext, RegisteredTool, ToolOutcome } from '../mcp/registry.ts'
import { asObject, asObjects } from '../slack/json-fields.ts'
import { requirePermitted } from './read-through.ts'
import { withHint } from './slack-call.ts'
import type { SlackTool } from './slack-tool.ts'
import type { SlackToolContext, ToolServices } from './tool-context.ts'

/**
 * The tools as the registry takes them. Policy, confirmation and audit stand around every `run` here, once, so that no tool can forget them and
 * no caller can go around them.
 */
export function bindTools(tools: readonly SlackTool[], services: ToolServices): readonly RegisteredTool[] {
  return tools.map((tool) => bindTool(tool, services))
}

function bindTool(tool: SlackTool, services: ToolServices): RegisteredTool {
  const { name, title, description, toolset, effect, scopes, aliases, examples, input, output } = tool
  return {
    name,
    title,
    description,
    toolset,
    effect,
    isIdempotent: tool.isIdempotent ?? false,
    scopes,
    ...(aliases === undefined ? {} : { aliases }),
    ...(examples === undefined ? {} : { examples }),
    input,
    output,
    run: (args, context) => runGuarded(tool, asObject(args), context, services),
  }
}

type Arguments = Static<TObject> & Readonly<Record<string, unknown>>

async function runGuarded(
  tool: SlackTool,
  args: Arguments,
  context: CallContext,
  services: ToolServices,
): Promise<ToolOutcome<unknown>> {
  const audit = createAudit(tool, context)
  try {
    requirePermitted(tool, context.principal, services)
  } catch (error) {
    audit.write(asAppError(error).code)
    throw error
  }
  if (!(await isConfirmed(tool, args, context, services))) {
    audit.write('declined')
    throw new AppError('TOOL_FORBIDDEN', { details: { rule: 'confirm', hint: 'The user did not agree.' } })
  }
  try {
    const outcome = await tool.run(args, { ...context, ...services, noteChannel: audit.noteChannel })
    audit.write(outcomeOf(outcome.data))
    return outcome
  } catch (error) {
    audit.write(asAppError(error).code)
    throw withHint(error)
  }
}

/** One line for every write: who, what, where, with which result; never what was said (T38). Reads leave none. */
function createAudit(tool: SlackTool, { log, principal }: CallContext) {
  let channelId: string | undefined
  return {
    noteChannel(id: string) {
      channelId = id
    },
    write(outcome: string) {
      if (tool.effect === 'read') return
      log.info('mcp_write_audited', {
        principal: principal.name,
        tool_name: tool.name,
        ...(channelId === undefined ? {} : { channel_id: channelId }),
        outcome,
      })
    },
  } satisfies Pick<SlackToolContext, 'noteChannel'> & { write(outcome: string): void }
}

function outcomeOf(data: unknown): string {
  const { dry_run: isDryRun, responses } = asObject(data)
  if (isDryRun === true) return 'dry_run'
  return asObjects(responses).some((response) => response['ok'] === false) ? 'partial' : 'ok'
}

const argumentCharactersMax = 200

/** Asks the user before anything is lost; a client that cannot ask is refused rather than trusted. */
async function isConfirmed(
  tool: SlackTool,
  args: Arguments,
  context: CallContext,
  { settings }: ToolServices,
): Promise<boolean> {
  const needsConsent = settings.confirmsDestructive && tool.effect === 'destructive'
  if (!needsConsent || args['dry_run'] === true) return true
  if (context.elicit === undefined) {
    const hint = 'This server asks the user before destructive calls, and your client cannot ask.'
    throw new AppError('TOOL_FORBIDDEN', { details: { rule: 'confirm', hint } })
  }
  const shown = truncate(asOneLine(JSON.stringify(args)), argumentCharactersMax)
  const answer = await context.elicit({
    message: `${tool.title}? ${tool.name} ${shown}`,
    schema: {
      type: 'object',
      properties: { confirm: { type: 'boolean', title: 'Do it' } },
      required: ['confirm'],
    },
  })
  return answer.action === 'accept' && answer.content['confirm'] === true
}
