import type { LoadedConfig } from '../config/load-config.ts'
import { type CliContext, type ParsedFlags, programName } from './cli-context.ts'
import {
  type ChangedFile,
  type ClientChange,
  changeJsonFile,
  changeTomlFile,
  renderJsonEntry,
  renderTomlEntry,
} from './client-file.ts'
import { requireConfig, type ValidConfig } from './command-config.ts'
import { exitCodes } from './exit-codes.ts'
import { interruptible } from './interruptible.ts'
import { localAddress } from './local-address.ts'
import type { McpClientName } from './mcp-client-names.ts'
import { type ClientRoute, type McpClient, mcpClients, tokenVariable } from './mcp-clients.ts'
import { flagArguments, flagOptionsOf } from './option-flags.ts'
import { createQuestions } from './questions.ts'
import { systemReason } from './system-reason.ts'
import { startedOptions } from './tool-options.ts'
import { UsageError } from './usage-error.ts'

/** Puts this server into the file of an MCP client: shows the change, asks, keeps the old file, writes. 1 where it was declined or cannot be done by a program. */
export async function runMcpInstall(context: CliContext, flags: ParsedFlags): Promise<number> {
  // The command line took no other word.
  const client = mcpClients[flags.arguments[0] as McpClientName]
  const transport = transportOf(flags)
  const loaded = requireConfig(context, flags, { purpose: 'print' })
  const route = transport === 'stdio' ? stdioRoute(context, flags) : httpRoute(flags, loaded)
  const entry = client.entry(route)
  if (entry === undefined) {
    throw new UsageError(`${client.title} starts its servers itself: leave --transport http away`)
  }
  const change = { key: client.key, name: nameOf(flags), entry, extras: client.extras?.(route) ?? {} }
  if (flags.own['print'] === true) {
    const path = client.file(context)
    // On stdout is what can be pasted, and nothing else.
    context.stderr.write(`${client.title}${path === undefined ? '' : `: ${path}`}\n`)
    context.stdout.write(rendered(client, change))
    context.stderr.write(hints(client, route, loaded))
    return exitCodes.done
  }
  const code = await install(context, flags, { client, change })
  if (code === exitCodes.done) context.stderr.write(hints(client, route, loaded))
  return code
}

function transportOf({ own }: ParsedFlags): ClientRoute['transport'] {
  const { transport = 'stdio' } = own
  if (transport === 'stdio' || transport === 'http') return transport
  throw new UsageError('--transport is stdio or http')
}

function nameOf({ own }: ParsedFlags): string {
  const { name = 'slack' } = own
  if (typeof name === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(name)) return name
  throw new UsageError('--name is 1 to 64 of A-Z a-z 0-9 _ -')
}

/** The client starts this very program; what was chosen here is chosen there, and secrets stay in the configuration of the server. */
function stdioRoute({ executable: [command, ...first] }: CliContext, flags: ParsedFlags): ClientRoute {
  // The client starts it in a folder of its own choice.
  if (flags.configPath !== undefined && !/^([/\\]|[A-Za-z]:)/.test(flags.configPath))
    throw new UsageError('give --config as an absolute path: the client starts the server elsewhere')
  const chosen = [
    ...chosenLimits(flags),
    ...(flags.configPath === undefined ? [] : ['--config', flags.configPath]),
  ]
  return { transport: 'stdio', command, args: [...first, 'stdio', ...chosen] }
}

/** What was chosen here of that which decides what a client may do, as arguments. */
function chosenLimits({ options }: ParsedFlags): readonly string[] {
  return flagOptionsOf({ options: startedOptions }).flatMap((option) => {
    const text = options[option.key]
    return text === undefined ? [] : flagArguments(option, text)
  })
}

function httpRoute(flags: ParsedFlags, { config }: ValidConfig): ClientRoute {
  const limits = chosenLimits(flags)
  if (limits.length > 0)
    throw new UsageError(`with --transport http the server decides: start that one with ${limits.join(' ')}`)
  const { url } = flags.own
  if (typeof url === 'string') {
    if (/^https?:\/\/[^\s@]+$/.test(url)) return { transport: 'http', url }
    throw new UsageError('--url is the https:// or http:// URL of MCP, without credentials')
  }
  const base = config.publicUrl ?? `http://${localAddress(config)}`
  return { transport: 'http', url: `${base}${config.mcpMountPath}` }
}

function rendered({ format }: McpClient, change: ClientChange): string {
  return format === 'toml' ? renderTomlEntry(change) : renderJsonEntry(change)
}

interface Installation {
  readonly client: McpClient
  readonly change: ClientChange
}

async function install(
  context: CliContext,
  flags: ParsedFlags,
  { client, change }: Installation,
): Promise<number> {
  const path = client.file(context)
  if (path === undefined)
    throw new UsageError('the environment does not say where the home folder is: set HOME')
  const say = (text: string) => context.stderr.write(`${text}\n`)
  const changed = changedFile(context, path, { client, change })
  switch (changed.kind) {
    case 'same':
      say(`${path} has this already; nothing to do.`)
      return exitCodes.done
    case 'refused':
      say(`${programName}: ${path} is left as it is: ${changed.reason}. Add this by hand:\n`)
      context.stdout.write(rendered(client, change))
      return exitCodes.failed
    case 'changed':
      break
  }
  say(`${client.title}: ${path}`)
  if (changed.replaces) say(`This replaces what "${change.name}" is there now:`)
  say(rendered(client, change).trimEnd().replace(/^/gm, '  + '))
  const code = flags.own['yes'] === true ? exitCodes.done : await agreement(context)
  return code === exitCodes.done ? write(context, path, changed.text) : code
}

function changedFile(context: CliContext, path: string, { client, change }: Installation): ChangedFile {
  const file = context.readFile(path)
  if (file.kind === 'unreadable') return { kind: 'refused', reason: file.reason }
  const text = file.kind === 'text' ? file.text : ''
  return client.format === 'toml'
    ? changeTomlFile(text, change, context.parseToml)
    : changeJsonFile(text, change)
}

/** 0 where the person agrees. */
async function agreement(context: CliContext): Promise<number> {
  const { keyboard, stderr } = context
  if (keyboard === undefined) {
    throw new UsageError('nobody can be asked here: agree with --yes, or look with --print')
  }
  return await interruptible(context, async (signal) => {
    if (await createQuestions(keyboard, signal).confirm('Write this?')) return exitCodes.done
    stderr.write('Nothing was changed.\n')
    return exitCodes.failed
  })
}

/** A new file is for its owner alone; one that is there keeps its mode, and a copy of it stays beside it. */
function write({ files, stderr }: CliContext, path: string, text: string): number {
  const before = files.facts(path)
  const backup = `${path}.bak`
  try {
    if (before !== undefined) files.copy(path, backup)
    files.replace(path, text, before?.mode ?? 0o600)
  } catch (error) {
    stderr.write(`${programName}: ${path} cannot be written: ${systemReason(error)}; it is as it was\n`)
    return exitCodes.failed
  }
  stderr.write(before === undefined ? 'Done.\n' : `Done; the file as it was: ${backup}\n`)
  return exitCodes.done
}

/** What the client needs beside its file. */
function hints(client: McpClient, route: ClientRoute, { settings }: LoadedConfig): string {
  const lines: string[] = []
  if (route.transport === 'stdio') {
    const origin = settings.get('slackBotToken')?.origin.kind
    const isKept = origin === 'config-file' || origin === 'secret-file' || origin === 'credential'
    if (!isKept) {
      lines.push(
        `The client starts the server without the variables of this shell: save the token with "${programName} init".`,
      )
    }
  } else if (client.extras === undefined) {
    lines.push(`Where the client runs, set ${tokenVariable} to what "${programName} token" prints.`)
  } else {
    lines.push(`It asks for the token: "${programName} token" prints it.`)
  }
  return [...lines, client.next, ''].join('\n')
}
