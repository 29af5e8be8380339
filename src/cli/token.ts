import type { Secret } from '../base/secret.ts'
import {
  type AcceptedToken,
  acceptedAdminTokens,
  acceptedMcpTokens,
  forwardSecretOf,
} from '../config/accepted-tokens.ts'
import type { Config } from '../config/option-table.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { requireConfig } from './command-config.ts'
import { exitCodes } from './exit-codes.ts'
import { UsageError } from './usage-error.ts'

/** Prints one token or secret on stdout and nothing else there, so that `$(… token)` can be used. */
export async function runToken(context: CliContext, flags: ParsedFlags): Promise<number> {
  const { config } = requireConfig(context, flags, { purpose: 'token' })
  const asked = ['admin', 'forward', 'name'].filter((flag) => flags.own[flag] !== undefined)
  if (asked.length > 1) throw new UsageError(`--${asked.join(' and --')} ask for different things: give one`)
  context.stdout.write(`${chooseToken(config, flags).reveal()}\n`)
  const isForMcp = flags.own['admin'] !== true && flags.own['forward'] !== true
  if (config.mcpAuth.includes('none') && isForMcp) {
    context.stderr.write('MCP_AUTH=none: the server asks for no token.\n')
  }
  return exitCodes.done
}

function chooseToken(config: Config, { own }: ParsedFlags): Secret {
  if (own['admin'] === true) {
    const [token] = acceptedAdminTokens(config)
    if (token !== undefined) return token
  }
  if (own['forward'] === true) {
    const secret = forwardSecretOf(config)
    if (secret !== undefined) return secret
  }
  return named(acceptedMcpTokens(config), own['name'])
}

function named(tokens: readonly AcceptedToken[], name: string | true | undefined): Secret {
  const found = name === undefined ? tokens[0] : tokens.find((candidate) => candidate.name === name)
  if (found !== undefined) return found.token
  throw new UsageError(
    `there is no token of this name; names: ${tokens.map((token) => token.name).join(', ')}`,
  )
}
