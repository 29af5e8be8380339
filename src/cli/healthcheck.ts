import { createDeadline } from '../resilience/deadline.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { requireConfig } from './command-config.ts'
import { exitCodes } from './exit-codes.ts'
import { localAddress } from './local-address.ts'
import { UsageError } from './usage-error.ts'

/** Container runtimes give up at about this time themselves. */
const timeoutMs = 3_000

/** Asks the server of this configuration on this machine: 0 when it answers 2xx, else 1 with the reason on stderr. */
export async function runHealthcheck(context: CliContext, flags: ParsedFlags): Promise<number> {
  const [probe = 'health'] = flags.arguments
  const { config } = requireConfig(context, flags, { purpose: 'print' })
  if (config.port === 0) throw new UsageError('PORT is 0: give the port that the server prints with --port')
  const url = `http://${localAddress(config)}/${probe}`
  try {
    const { status, ok } = await ask(context, url)
    const output = ok ? context.stdout : context.stderr
    output.write(`${url} answers ${status}\n`)
    return ok ? exitCodes.done : exitCodes.failed
  } catch {
    // The reasons differ by runtime and say no more than this: nothing came back.
    context.stderr.write(`${url} does not answer\n`)
    return exitCodes.failed
  }
}

async function ask({ fetch, clock }: CliContext, url: string): Promise<Response> {
  const deadline = createDeadline({ clock, afterMs: timeoutMs })
  try {
    const response = await fetch(url, { signal: deadline.signal, redirect: 'manual' })
    await response.body?.cancel()
    return response
  } finally {
    deadline.dispose()
  }
}
