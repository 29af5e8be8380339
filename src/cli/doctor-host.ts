import type { Config } from '../config/option-table.ts'
import { createDeadline } from '../resilience/deadline.ts'
import type { CliContext } from './cli-context.ts'
import { type Check, checksOf } from './doctor-check.ts'
import { exitCodes } from './exit-codes.ts'
import { localAddress } from './local-address.ts'
import { probePort } from './port-probe.ts'

const { ok, off, warn, fail } = checksOf('host')

/** What the machine gives: the port, file descriptors, the state directory. */
export async function checkHost(context: CliContext, config: Config): Promise<readonly Check[]> {
  return [
    await checkPort(context, config),
    checkDescriptors(context, config),
    checkStateDirectory(context, config),
  ]
}

async function checkPort(context: CliContext, config: Config): Promise<Check> {
  const { host, port } = config
  if (port === 0) return ok('PORT=0: a free port is chosen at start')
  const outcome = await probePort(host, port)
  switch (outcome) {
    case 'free':
      return ok(`port ${port} on ${host} is free`)
    case 'EADDRINUSE':
      return (await isOurs(context, config))
        ? ok(`port ${port} on ${host} is served by such a server now`)
        : fail(
            exitCodes.failed,
            `port ${port} on ${host} is in use by another program`,
            'Choose another with PORT.',
          )
    case 'EACCES':
      return fail(
        exitCodes.failed,
        `port ${port} needs a privilege that this user does not have`,
        'Choose one above 1023, or give the service CAP_NET_BIND_SERVICE.',
      )
    case 'EADDRNOTAVAIL':
      // As `serve`: it may be there later, and a supervisor that tries again finds it.
      return fail(exitCodes.failed, `${host} is no address of this machine`, 'Choose another with HOST.')
    default:
      return fail(
        exitCodes.failed,
        `port ${port} on ${host} cannot be listened on (${outcome})`,
        'Choose others with HOST and PORT.',
      )
  }
}

const answerDeadlineMs = 3_000

/** Whether what listens there has our health. */
async function isOurs({ fetch, clock }: CliContext, config: Config): Promise<boolean> {
  const deadline = createDeadline({ clock, afterMs: answerDeadlineMs })
  try {
    const response = await fetch(`http://${localAddress(config)}/health`, {
      signal: deadline.signal,
      redirect: 'manual',
    })
    const health: unknown = await response.json()
    return typeof health === 'object' && health !== null && 'components' in health
  } catch {
    // Not our health is all that matters, whatever it is.
    return false
  } finally {
    deadline.dispose()
  }
}

/** Beside sessions: the log, the queue, Slack, what is accepted and not yet answered. */
const descriptorsBeside = 512

function checkDescriptors({ readFile }: CliContext, { mcpSessionsMax }: Config): Check {
  const limits = readFile('/proc/self/limits')
  const soft =
    limits.kind === 'text' ? /^Max open files\s+(\d+|unlimited)/m.exec(limits.text)?.[1] : undefined
  if (soft === undefined) return off('this system does not say how many file descriptors there may be')
  const needed = mcpSessionsMax + descriptorsBeside
  if (soft === 'unlimited' || Number(soft) >= needed) return ok(`${soft} file descriptors`)
  return warn(
    `${soft} file descriptors, and MCP_SESSIONS_MAX=${mcpSessionsMax} may need ${needed}`,
    'Raise them: LimitNOFILE=65536 in the unit, "ulimit -n 65536" in a shell.',
  )
}

function checkStateDirectory({ files }: CliContext, { stateDir }: Config): Check {
  if (stateDir === undefined) return ok('no STATE_DIR: nothing is written to disk')
  const facts = files.facts(stateDir)
  if (facts === undefined)
    return fail(exitCodes.config, `STATE_DIR ${stateDir} does not exist`, `mkdir -m 700 ${stateDir}`)
  if (facts.kind === 'hidden')
    return fail(
      exitCodes.config,
      `STATE_DIR ${stateDir} lies in a folder that is closed to this user`,
      'Run as its owner, or let this user into the folders above it.',
    )
  if (facts.kind !== 'directory')
    return fail(exitCodes.config, `STATE_DIR ${stateDir} is no directory`, 'Name a directory.')
  if (!facts.isWritable)
    return fail(
      exitCodes.config,
      `STATE_DIR ${stateDir} is not writable by this user`,
      'Run as its owner, or chown it.',
    )
  return ok(`STATE_DIR ${stateDir} is writable`)
}
