import { describe, expect, test } from 'bun:test'
import type { ParsedFlags } from '../../../src/cli/cli-context.ts'
import { type CommandRow, commandName } from '../../../src/cli/command-row.ts'
import { commandTable } from '../../../src/cli/command-table.ts'
import { flagOptionsOf, isToggle, negated } from '../../../src/cli/option-flags.ts'
import { parseCommandLine } from '../../../src/cli/parse-command-line.ts'
import { UsageError } from '../../../src/cli/usage-error.ts'
import { verifies } from '../../support/verifies.ts'

const style = { columns: 100, bold: (text: string) => text }

function parse(line: string): { readonly command: string; readonly flags: ParsedFlags } {
  const invocation = parseCommandLine(line === '' ? [] : line.split(' '), style)
  if (invocation.kind !== 'run') throw new Error('this is help')
  return { command: commandName(invocation.command), flags: invocation.flags }
}

const optionsOf = (line: string) => parse(line).flags.options

function refusal(line: string): string {
  try {
    parseCommandLine(line.split(' '), style)
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
  return 'not refused'
}

/** The command with the word that it cannot do without. */
function lineOf(row: CommandRow): string {
  const { choices: [word] = [], isOptional } = row.operand ?? {}
  return word === undefined || isOptional === true ? commandName(row) : `${commandName(row)} ${word}`
}

describe('commands', () => {
  verifies('cli:default-command', 'bare flags run serve without naming it', () => {
    expect(parse('').command).toBe('serve')
    const line =
      '--transport streamable-http --mount-path /m --host 0.0.0.0 --port 80 --log-level DEBUG --retry 0'
    const expected = {
      mcpTransport: 'streamable-http',
      mcpMountPath: '/m',
      host: '0.0.0.0',
      port: '80',
      logLevel: 'DEBUG',
      slackRetry: '0',
    }
    expect(parse(line)).toMatchObject({ command: 'serve', flags: { options: expected } })
    expect(parse(`serve ${line}`)).toMatchObject({ command: 'serve', flags: { options: expected } })
  })

  test('each command is found by its name', () => {
    for (const row of commandTable) expect(parse(lineOf(row)).command).toBe(commandName(row))
  })

  verifies('cli:unknown-command', 'a slip of the keys names the nearest command', () => {
    expect(refusal('tokn')).toBe('there is no command "tokn"; did you mean token?')
    expect(refusal('config shwo')).toBe('there is no command "config shwo"; did you mean config show?')
    expect(refusal('events dead lsit')).toBe(
      'there is no command "events dead lsit"; did you mean events dead list?',
    )
    expect(refusal('events deed')).toContain('there is no command "events deed"')
    expect(parse('events dead list --limit 3').command).toBe('events dead list')
    expect(refusal('configure-everything')).toStartWith(
      'there is no command "configure-everything"; commands: serve, ',
    )
    expect(refusal('tokn --admin')).toBe('there is no command "tokn"; did you mean token?')
    expect(refusal('help tokn')).toBe('there is no command "tokn"; did you mean token?')
    expect(refusal('a\u001b[31mb')).toContain('"a\\u{1b}[31mb"')
    expect(refusal('constructor')).toStartWith('there is no command "constructor"')
  })

  test('words that a command does not take are refused', () => {
    expect(refusal('serve now')).toBe('"serve" takes only flags')
    expect(refusal('--port 1 token')).toBe('"serve" takes only flags')
    expect(refusal('healthcheck livez now')).toBe('"healthcheck" takes one argument')
    expect(parse('healthcheck livez').flags.arguments).toEqual(['livez'])
    expect(parse('healthcheck').flags.arguments).toEqual([])
  })

  test('a word that is none of those a command takes is refused, with the nearest', () => {
    expect(refusal('healthcheck metrics')).toBe(
      '"healthcheck" takes one of health, livez, readyz, not "metrics"',
    )
    const clients = 'claude-code, claude-desktop, cursor, vscode, codex, gemini, copilot'
    expect(refusal('mcp install')).toBe(`"mcp install" takes one of ${clients}`)
    expect(refusal('mcp install curser')).toBe(
      `"mcp install" takes one of ${clients}, not "curser"; did you mean cursor?`,
    )
    expect(refusal('mcp install constructor')).toEndWith('not "constructor"')
    expect(refusal('generate a\u001b[31mb')).toEndWith('not "a\\u{1b}[31mb"')
  })
})

describe('flags', () => {
  test('are taken with a blank or an equals sign, and the last one counts', () => {
    expect(optionsOf('--port=80')).toEqual({ port: '80' })
    expect(optionsOf('--port 80 --port 81')).toEqual({ port: '81' })
    expect(optionsOf('--retry -1')).toEqual({ slackRetry: '-1' })
  })

  test('of lists add up', () => {
    expect(optionsOf('--toolsets a --toolsets b,c')).toEqual({ mcpToolsets: 'a,b,c' })
    expect(optionsOf('--cors-allow-origins https://a,https://b')).toEqual({
      corsAllowOrigins: 'https://a,https://b',
    })
  })

  test('are refused where their value is empty, whoever else has one', () => {
    for (const line of [
      '--host=',
      '--port 1 --port=',
      '--toolsets= --toolsets a',
      'serve --config=',
      '--env-file=',
    ])
      expect(refusal(line)).toMatch(/^--[a-z-]+ has an empty value; leave it away for the default$/)
    expect(refusal('token --name=')).toStartWith('--name has an empty value')
    expect(() => parseCommandLine(['--mount-path', ' '], style)).toThrow('--mount-path has an empty value')
    // A client that expands nothing leaves its own form in place: that counts as unset, as in a variable.
    expect(optionsOf(`--host \${user_config.host}`)).toEqual({ host: `\${user_config.host}` })
  })

  test('of toggles have both senses', () => {
    expect(optionsOf('--read-only --no-webhook --no-docs')).toEqual({
      mcpReadOnly: 'true',
      webhookEnabled: 'false',
      docsEnabled: 'false',
    })
    expect(optionsOf('--no-read-only --mcp')).toEqual({ mcpReadOnly: 'false', mcpEnabled: 'true' })
    expect(optionsOf('')).toEqual({})
    expect(refusal('--read-only=false')).toBe(
      '--read-only takes no value; --no-… is the opposite of a flag that is on or off',
    )
  })

  test('of the command line itself are told from options', () => {
    expect(parse('token --admin --config /c --env-file /e').flags).toEqual({
      options: {},
      configPath: '/c',
      envFilePath: '/e',
      own: { admin: true },
      arguments: [],
    })
    expect(parse('token --name ci').flags.own).toEqual({ name: 'ci' })
    expect(parse('serve').flags).toMatchObject({ configPath: undefined, envFilePath: undefined, own: {} })
  })

  verifies('cli:unknown-flag', 'an unknown flag names the nearest one of that command', () => {
    expect(refusal('--prot 80')).toBe('"serve" has no flag --prot; did you mean --port?')
    expect(refusal('serve --no-webhok')).toBe('"serve" has no flag --no-webhok; did you mean --no-webhook?')
    expect(refusal('stdio --port 80')).toBe(
      '"stdio" has no flag --port; "slack-integrated-server stdio --help" lists them',
    )
    expect(refusal('version --config /c')).toStartWith('"version" has no flag --config')
    expect(refusal('-p 80')).toStartWith('"serve" has no flag -p')
    expect(refusal('--port')).toBe('--port needs a value')
  })

  verifies('cli:secret-flag', 'a secret has no flag, and what was given for one is not repeated', () => {
    expect(refusal('--slack-bot-token=xoxb-canary')).toBe(
      '--slack-bot-token is no flag: the process list shows flags to everybody. Set SLACK_BOT_TOKEN, or SLACK_BOT_TOKEN_FILE to a file that holds it',
    )
    for (const line of [
      '--redis-url=redis://canary',
      '--admin-token canary',
      '--slack-sining-secret=canary',
    ]) {
      expect(refusal(line)).not.toContain('canary')
    }
  })

  test('of every option reach the option, through every command that takes them', () => {
    for (const row of commandTable) {
      for (const option of flagOptionsOf(row)) {
        const { flag = '', key } = option
        const name = lineOf(row)
        if (isToggle(option)) {
          expect(optionsOf(`${name} ${flag}`)).toEqual({ [key]: 'true' })
          expect(optionsOf(`${name} ${negated(flag)}`)).toEqual({ [key]: 'false' })
        } else expect(optionsOf(`${name} ${flag} value`)).toEqual({ [key]: 'value' })
      }
    }
  })
})

test('help is asked for with -h, --help or help', () => {
  const titles = (lines: readonly string[]) =>
    lines.map((line) => {
      const invocation = parseCommandLine(line.split(' '), style)
      return invocation.kind === 'help' ? [invocation.text.split('\n')[0], invocation.isAsked] : undefined
    })
  const program = ['slack-integrated-server', true]
  expect(titles(['--help', '-h', 'help'])).toEqual([program, program, program])
  const token = ['slack-integrated-server token', true]
  expect(titles(['token --help', 'token -h', 'help token'])).toEqual([token, token, token])
  expect(titles(['config --help', 'config', 'config show --help', '--port 80 --help'])).toEqual([
    ['slack-integrated-server config', true],
    ['slack-integrated-server config', false],
    ['slack-integrated-server config show', true],
    ['slack-integrated-server serve', true],
  ])
})
