import { withoutSlash } from '../base/http-url.ts'
import { createSystemIds } from '../base/ids.ts'
import { nearest } from '../base/text.ts'
import { createDeadline } from '../resilience/deadline.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { requireConfig } from './command-config.ts'
import { CommandFailure } from './command-failure.ts'
import { asJsonLine, isForPrograms } from './event-lines.ts'
import { exitCodes } from './exit-codes.ts'
import { localAddress } from './local-address.ts'
import { createTriggerRequest } from './trigger-request.ts'
import { triggerTemplates } from './trigger-templates.ts'
import { urlOfFlag } from './url-flag.ts'
import { UsageError } from './usage-error.ts'

/** Slack would have given up long before. */
const answerMaxMs = 10_000

/** Sends a made-up event, signed like Slack's, to the webhook of a running server. 0 where it was taken, 69 where nobody answers, else 1. */
export async function runTrigger(context: CliContext, flags: ParsedFlags): Promise<number> {
  const { event, chosen } = parseWords(flags.arguments)
  const { config } = requireConfig(context, flags, { purpose: 'print' })
  const [signingSecret] = config.slackSigningSecret
  if (signingSecret === undefined) {
    throw new CommandFailure('SLACK_SIGNING_SECRET is missing: events are signed with it', {
      exitCode: exitCodes.config,
    })
  }
  const request = createTriggerRequest({
    event,
    chosen,
    uniqueId: `Ev${createSystemIds().uuid().replaceAll('-', '').slice(0, 12).toUpperCase()}`,
    nowMs: context.clock.now(),
    signingSecret: signingSecret.reveal(),
  })
  const { url: given } = flags.own
  const origin =
    given === undefined ? `http://${localAddress(config)}` : withoutSlash(urlOfFlag(String(given)))
  const url = `${origin}${request.path}`
  const startedAtMs = context.clock.monotonic()
  const response = await send(context, url, request)
  const durationMs = Math.round(context.clock.monotonic() - startedAtMs)
  const correlationId = response.headers.get('x-correlation-id')
  const { status, ok } = response
  const { eventId } = request
  const outcome = { url, status, duration_ms: durationMs, event_id: eventId, correlation_id: correlationId }
  context.stdout.write(isForPrograms(context, flags) ? asJsonLine(outcome) : sentence(outcome))
  if (ok) return exitCodes.done
  if (status === 401)
    context.stderr.write('the server has another signing secret, or its clock differs by minutes\n')
  return status === 503 ? exitCodes.unavailable : exitCodes.failed
}

interface Outcome {
  readonly url: string
  readonly status: number
  readonly duration_ms: number
  readonly event_id: string
  readonly correlation_id: string | null
}

function sentence(outcome: Outcome): string {
  const { url, status, duration_ms: ms, event_id: eventId, correlation_id: correlationId } = outcome
  return `POST ${url} signed -> ${status} in ${ms} ms  event_id=${eventId} correlation_id=${correlationId ?? '-'}\n`
}

async function send(
  { fetch, clock }: CliContext,
  url: string,
  { headers, body }: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
): Promise<Response> {
  const deadline = createDeadline({ clock, afterMs: answerMaxMs })
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: deadline.signal,
    })
    await response.body?.cancel()
    return response
  } catch (cause) {
    throw new CommandFailure(`no server answers at ${url}`, { exitCode: exitCodes.unavailable, cause })
  } finally {
    deadline.dispose()
  }
}

function parseWords([event, ...words]: readonly string[]) {
  const names = Object.keys(triggerTemplates)
  if (event === undefined) throw new UsageError(`give an event, one of ${names.join(', ')}`)
  if (!Object.hasOwn(triggerTemplates, event)) {
    const near = nearest(event, names)
    const advice = near === undefined ? `events: ${names.join(', ')}` : `did you mean ${near}?`
    throw new UsageError(`there is no such event to send; ${advice}`)
  }
  const chosen = words.map((word): [string, string] => {
    const [, key, value] = /^([a-z][a-z0-9_]{0,63})=(.*)$/s.exec(word) ?? []
    if (key === undefined || value === undefined) {
      throw new UsageError('fields are written key=value, as in text=hello channel=C024BE91L')
    }
    return [key, value]
  })
  return { event, chosen: Object.fromEntries(chosen) }
}
