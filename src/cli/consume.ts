import { asOneLine } from '../base/text.ts'
import type { Config } from '../config/option-table.ts'
import { isMatch, namesOf, parsePattern } from '../events/event-patterns.ts'
import { parseKeptEvent } from '../events/slack-event.ts'
import { HandlerFailure } from '../queue/failure-reason.ts'
import { ServerAwayError } from './admin-client.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { requireConfig } from './command-config.ts'
import { CommandFailure } from './command-failure.ts'
import { createStreamConsumer } from './consume-stream.ts'
import {
  asConsumed,
  type Consume,
  type ConsumedEvent,
  type ConsumeHandler,
  type ConsumeOptions,
  consumedEnvironment,
  consumedLine,
} from './consumed-event.ts'
import { asCount, asJsonLine } from './event-lines.ts'
import { connectServer } from './events-access.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { UsageError } from './usage-error.ts'

const concurrencyMaxMax = 256
const leaseDefaultSeconds = 300
const leaseMaxSeconds = 9_999

/**
 * Is a member of a group until Ctrl-C: writes its events as JSON lines, or runs a command for each with the bytes on its standard input. An event
 * is acknowledged when its line is out or its command ended with 0; every other end asks for it again later.
 */
export async function runConsume(context: CliContext, flags: ParsedFlags): Promise<number> {
  const options = optionsOf(flags)
  const isWanted = matcherOf(flags)
  const { config } = requireConfig(context, flags, { purpose: 'print' })
  const stop = new Stop(context)
  try {
    const [program, ...args] = flags.arguments
    const work =
      program === undefined ? lineWriter(context) : commandRunner(context, [program, ...args], stop)
    const handler: ConsumeHandler = async (consumed, signal) => {
      if (isWanted(consumed)) await work(consumed, signal)
    }
    const run = (consume: Consume) => consume(options, handler, stop.signal)
    await consumeFrom(context, flags, { config, stop, run })
    if (stop.failure !== undefined) throw stop.failure
    return stop.exitCode
  } catch (error) {
    // It was we who stopped asking.
    if (error instanceof ServerAwayError && stop.signal.aborted) return stop.exitCode
    throw error
  } finally {
    stop.dispose()
  }
}

/** The first signal lets what runs finish, the second one ends it. */
class Stop {
  failure: CommandFailure | undefined
  exitCode: ExitCode = exitCodes.done
  readonly #ended = new AbortController()
  readonly #hurried = new AbortController()
  readonly #stopListening: () => void

  constructor({ onSignal }: CliContext) {
    this.#stopListening = onSignal((signal) => {
      if (signal === 'SIGINT') this.exitCode = exitCodes.interrupted
      if (this.#ended.signal.aborted) this.#hurried.abort()
      this.#ended.abort()
    })
  }

  get signal(): AbortSignal {
    return this.#ended.signal
  }

  get hurried(): AbortSignal {
    return this.#hurried.signal
  }

  /** Going on would fail for every event. */
  fail(failure: CommandFailure): void {
    this.failure ??= failure
    this.#ended.abort()
  }

  dispose(): void {
    this.#stopListening()
  }
}

/** Redis is consumed from directly, as any other consumer does; events that live in a server through that server. */
async function consumeFrom(
  context: CliContext,
  flags: ParsedFlags,
  {
    config,
    stop,
    run,
  }: { readonly config: Config; readonly stop: Stop; readonly run: (consume: Consume) => Promise<void> },
): Promise<void> {
  const isDirect =
    flags.own['offline'] === true || (config.queueBackendType === 'redis' && flags.own['url'] === undefined)
  if (!isDirect) {
    const client = await connectServer(context, flags, { config, signal: stop.signal })
    const { clock, stderr } = context
    return await run(createStreamConsumer({ client, clock, stderr, hurried: stop.hurried }))
  }
  // Loaded only here: a server that runs has the backends loaded already.
  const { openStore } = await import('./events-offline.ts')
  const queue = await openStore(context, config)
  try {
    await run(({ group, concurrencyMax, isOrdered, leaseSeconds }, handler, signal) =>
      queue.subscribe({
        topic: config.slackEventsTopic,
        group,
        concurrencyMax,
        ordered: isOrdered,
        leaseMs: leaseSeconds * 1_000,
        signal,
        handler: (delivery, lease) => handler(asConsumed(delivery), lease),
      }),
    )
  } finally {
    await queue.stop()
  }
}

function lineWriter({ stdout }: CliContext): ConsumeHandler {
  return async (consumed) => stdout.write(asJsonLine(consumedLine(consumed)))
}

function commandRunner(
  context: CliContext,
  command: readonly [string, ...string[]],
  stop: Stop,
): ConsumeHandler {
  return async (consumed, lease) => {
    const kill = new AbortController()
    const onHurry = () => kill.abort()
    // The end of the lease: the event is given to somebody else. At a stop it aborts too, and then the command may finish.
    const onLease = () => {
      if (!stop.signal.aborted) kill.abort()
    }
    stop.hurried.addEventListener('abort', onHurry, { once: true })
    lease.addEventListener('abort', onLease, { once: true })
    try {
      const input = { input: consumed.bytes, env: consumedEnvironment(consumed), signal: kill.signal }
      const code = await context.runProgram(command, input).catch((cause: unknown) => {
        stop.fail(new CommandFailure(`${command[0]} cannot be run`, { exitCode: exitCodes.failed, cause }))
        throw new HandlerFailure('NOT_RUN')
      })
      if (code === 0) return
      // What the command wrote itself does not say which event it was about.
      context.stderr.write(`${asOneLine(failureLine(command[0], code, consumed))}\n`)
      throw new HandlerFailure(`EXIT_${code}`)
    } finally {
      stop.hurried.removeEventListener('abort', onHurry)
      lease.removeEventListener('abort', onLease)
    }
  }
}

function failureLine(program: string, code: number, { event, attempt }: ConsumedEvent): string {
  return `${event.id}: ${program} ended with ${code} at attempt ${attempt}; the event comes again, or is given up`
}

function optionsOf({ own }: ParsedFlags): ConsumeOptions {
  const { group, ordered } = own
  if (group === undefined) throw new UsageError('give --group: members of one group share its events')
  if (!/^[A-Za-z0-9._:-]{1,200}$/.test(String(group)))
    throw new UsageError('--group takes up to 200 of A-Z a-z 0-9 . _ : -')
  return {
    group: String(group),
    isOrdered: ordered === true,
    concurrencyMax: asCount(own['concurrency'], {
      flag: '--concurrency',
      fallback: 1,
      max: concurrencyMaxMax,
    }),
    leaseSeconds: asCount(own['lease'], {
      flag: '--lease',
      fallback: leaseDefaultSeconds,
      max: leaseMaxSeconds,
    }),
  }
}

function matcherOf({ own }: ParsedFlags): (consumed: ConsumedEvent) => boolean {
  const { type } = own
  if (type === undefined) return () => true
  const pattern = asPattern(String(type))
  return ({ event, bytes }) =>
    isMatch(pattern, namesOf(event.type, parseKeptEvent(bytes, event.type)?.event ?? {}))
}

function asPattern(text: string): string {
  try {
    return parsePattern(text)
  } catch (cause) {
    throw new UsageError('--type takes a type (app_mention), message.im and the like, reaction_* or *', {
      cause,
    })
  }
}
