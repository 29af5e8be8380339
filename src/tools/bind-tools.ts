import type { Static, TObject } from '@sinclair/typebox'
import { AppError, asAppError } from '../base/errors.ts'
import { asOneLine, truncate } from '../base/text.ts'
import type { CallContext, RegisteredTool, ToolOutcome } from '../mcp/registry.ts'
import { asObject, asObjects } from '../slack/json-fields.ts'
import { requirePermitted } from './read-through.ts'
import { withHint } from './slack-call.ts'
import type { SlackTool } from './slack-tool.ts'
import type { ToolServices } from './tool-context.ts'

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
  const toolContext = { ...context, ...services, noteChannel: audit.noteChannel }
  await audit.failuresOf(async () => requirePermitted(tool, context.principal, services))
  if (needsConsent(tool, args, services)) {
    const { elicit } = context
    await audit.failuresOf(async () => {
      if (elicit === undefined) throw unconfirmed(cannotAsk)
      // What would be refused anyway must not be asked about.
      await tool.run({ ...args, dry_run: true }, toolContext)
    })
    if (!(await isConfirmed(tool, args, context))) {
      audit.write('declined')
      throw unconfirmed('The user did not agree.')
    }
  }
  return await audit.failuresOf(async () => {
    const outcome = await tool.run(args, toolContext)
    audit.write(outcomeOf(outcome.data))
    return outcome
  })
}

const cannotAsk = 'This server asks the user before destructive calls, and your client cannot ask.'

function unconfirmed(hint: string): AppError {
  return new AppError('TOOL_FORBIDDEN', { details: { rule: 'confirm', hint } })
}

/** One line for every write: who, what, where, with which result; never what was said (T38). Reads leave none. */
function createAudit(tool: SlackTool, { log, principal }: CallContext) {
  let channelId: string | undefined
  const audit = {
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
    /** Runs a step of the call; where it fails, the line says by which code, and the error what to do. */
    async failuresOf<Result>(step: () => Promise<Result>): Promise<Result> {
      try {
        return await step()
      } catch (error) {
        audit.write(asAppError(error).code)
        throw withHint(error)
      }
    },
  }
  return audit
}

function outcomeOf(data: unknown): string {
  const { dry_run: isDryRun, responses } = asObject(data)
  if (isDryRun === true) return 'dry_run'
  return asObjects(responses).some((response) => response['ok'] === false) ? 'partial' : 'ok'
}

const argumentCharactersMax = 200

function needsConsent(tool: SlackTool, args: Arguments, { settings }: ToolServices): boolean {
  return settings.confirmsDestructive && tool.effect === 'destructive' && args['dry_run'] !== true
}

/** Asks the user before anything is lost. */
async function isConfirmed(tool: SlackTool, args: Arguments, { elicit }: CallContext): Promise<boolean> {
  const shown = truncate(asOneLine(JSON.stringify(args)), argumentCharactersMax)
  const answer = await elicit?.({
    message: `${tool.title}? ${tool.name} ${shown}`,
    schema: {
      type: 'object',
      properties: { confirm: { type: 'boolean', title: 'Do it' } },
      required: ['confirm'],
    },
  })
  return answer?.action === 'accept' && answer.content['confirm'] === true
}
