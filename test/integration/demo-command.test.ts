import { expect, test } from 'bun:test'
import { parseEnv } from 'node:util'
import { createSystemClock } from '../../src/base/clock.ts'
import { buildInfo } from '../../src/build-info.ts'
import type { CliContext, StopSignal } from '../../src/cli/cli-context.ts'
import { runCli } from '../../src/cli/run-cli.ts'
import { FakeLocalFiles } from '../support/fake-local-files.ts'
import { startForwardEndpoint } from '../support/forward-endpoint.ts'
import { type FakeFiles, readFakeFiles } from '../support/load-config.ts'
import { verifies } from '../support/verifies.ts'

interface Screen {
  readonly isTerminal?: boolean
  readonly env?: Readonly<Record<string, string>>
  readonly files?: FakeFiles
  readonly fetch?: CliContext['fetch']
  /** Called with everything on stdout so far, and how to press Ctrl-C. */
  readonly onText?: (text: string, signal: (name: StopSignal) => void) => void
}

/** The command in this process: real clock and sockets, everything else of the test's making. */
async function runDemo(args: readonly string[], screen: Screen = {}) {
  const { isTerminal = false, env = {}, files = {}, onText } = screen
  const written = { stdout: '', stderr: '' }
  const listeners = new Set<(signal: StopSignal) => void>()
  const signal = (name: StopSignal) => {
    for (const listener of listeners) listener(name)
  }
  const output = (name: 'stdout' | 'stderr') => ({
    isTerminal,
    columns: isTerminal ? 80 : undefined,
    write(text: string) {
      written[name] += text
      if (name === 'stdout') onText?.(written.stdout, signal)
    },
  })
  const context: CliContext = {
    argv: ['demo', ...args],
    env,
    stdout: output('stdout'),
    stderr: output('stderr'),
    logStream: (name) => process[name],
    stdin: () => new ReadableStream(),
    keyboard: undefined,
    files: new FakeLocalFiles(),
    readFile: readFakeFiles(files),
    parseToml: (text) => Bun.TOML.parse(text),
    parseEnvFile: parseEnv,
    onSignal(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onFault: () => () => undefined,
    hasTerminal: () => false,
    runProgram: () => Promise.reject(new Error('a demo runs no program')),
    heldBytes: () => 0,
    clock: createSystemClock(),
    fetch: screen.fetch ?? ((url, init) => fetch(url, init)),
    build: buildInfo,
    executable: ['/usr/bin/slack-integrated-server'],
    platform: 'linux-x64',
    bunVersion: Bun.version,
    pid: process.pid,
  }
  const code = await runCli(context)
  return { code, ...written, listenerCount: listeners.size }
}

test('an interrupted tour ends at once with 130 and leaves nothing listening', async () => {
  let isPressed = false
  const { code, stdout, listenerCount } = await runDemo(['--once'], {
    onText(text, signal) {
      if (isPressed || !text.includes('answers the signed handshake')) return
      isPressed = true
      signal('SIGINT')
    },
  })
  expect(code).toBe(130)
  expect(stdout).not.toContain('steps hold')
  expect(listenerCount).toBe(0)
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(stdout)?.[0] ?? ''
  await expect(fetch(`${url}/livez`)).rejects.toThrow()
})

test('a tour over one transport walks nine steps, in colour on a terminal', async () => {
  const { code, stdout } = await runDemo(['--once', '--transport', 'streamable-http'], { isTerminal: true })
  expect(stdout).toContain('All 9 steps hold.')
  expect(stdout).toContain('\u001b[32mok')
  expect(code).toBe(0)
})

verifies(
  'demo:tour',
  'the tour fails, and says where, when the server does not do what it shows',
  async () => {
    let callCount = 0
    const { code, stdout } = await runDemo(['--once'], {
      fetch: (url, init) =>
        ++callCount === 1 ? Promise.reject(new Error('connection refused')) : fetch(url, init),
    })
    expect(stdout).toMatch(/FAIL {2}answers the signed handshake .*it answered nothing/)
    expect(stdout).toContain('1 of 13 steps failed.')
    expect(code).toBe(1)
  },
)

verifies(
  'demo:isolated',
  "nothing of the operator's environment or files changes what the demo does",
  async () => {
    await using forward = startForwardEndpoint()
    const operators = {
      FORWARD_URL: forward.url,
      FORWARD_PRIVATE_NETWORK: 'true',
      MCP_READ_ONLY: 'true',
      MCP_TOOLSETS: 'search',
      MCP_WRITE_CHANNELS: '#nowhere',
      MCP_DMS: 'false',
      LIMITS_TOOL_CALLS_PER_MINUTE: '1',
      LIMITS_PRINCIPAL_REQUESTS_PER_MINUTE: '1',
      ADMIN_PORT: 'not a port',
      STATE_DIRECTORY: '/proc/nowhere',
      CONFIG_FILE: '/gone.toml',
      HOME: '/home/ana',
    }
    const file = `[forward]\nurl = "${forward.url}"\nprivate_network = true\n[mcp]\nread_only = true\n`
    const files = {
      '/home/ana/.config/slack-integrated-server/config.toml': file,
      '/etc/slack-integrated-server/config.toml': file,
    }
    for (const env of [operators, { HOME: '/home/ana' }, {}]) {
      const { code, stdout, stderr } = await runDemo(['--once'], { env, files })
      expect(stderr).toBe('')
      expect(stdout).toContain('All 13 steps hold.')
      expect(code).toBe(0)
    }
    expect(forward.received).toEqual([])
  },
)

verifies('demo:isolated', 'the demo listens where it is told, by flag and by variable', async () => {
  const env = { MCP_TRANSPORT: 'streamable-http', MCP_MOUNT_PATH: '/elsewhere', HOST: 'localhost' }
  const variables = await runDemo(['--once'], { env })
  expect(variables.stdout).toContain('at http://localhost:')
  expect(variables.stdout).toContain('All 9 steps hold.')
  const flags = await runDemo(['--once', '--host', '127.0.0.1', '--transport', 'sse'], { env })
  expect(flags.stdout).toContain('at http://127.0.0.1:')
  expect(flags.stdout).toContain('All 13 steps hold.')
})

test('the demo has no flag that it would not heed', async () => {
  const { code, stdout, stderr } = await runDemo(['--once', '--read-only'])
  expect(stderr).toContain('"demo" has no flag --read-only')
  expect([code, stdout]).toEqual([2, ''])
})

test('a bad option is a problem of the configuration, and nothing starts', async () => {
  const { code, stdout, stderr } = await runDemo(['--once', '--mount-path', 'no-slash'])
  expect(stderr).toContain('--mount-path')
  expect([code, stdout]).toEqual([78, ''])
})

test('the demo ends with the terminal that it runs in', async () => {
  let isClosed = false
  const { code, stdout } = await runDemo(['--port', '0'], {
    onText(text, signal) {
      if (isClosed || !text.includes('Watch')) return
      isClosed = true
      setTimeout(() => signal('SIGHUP'), 0)
    },
  })
  expect(stdout).toEndWith('Stopped. The workspace and everything said in it are gone.\n')
  expect(code).toBe(0)
})

test('on a terminal the demo fits its width and stops at the first signal', async () => {
  let isPressed = false
  const { code, stdout } = await runDemo(['--port', '0'], {
    isTerminal: true,
    onText(text, signal) {
      if (isPressed || !text.includes('Seat maps are on')) return
      isPressed = true
      signal('SIGTERM')
    },
  })
  expect(code).toBe(0)
  const line = stdout.split('\n').find((text) => text.includes('Seat maps are on')) ?? ''
  expect(line).toStartWith('\u001b[2m')
  expect(Bun.stringWidth(line)).toBeLessThanOrEqual(80)
  expect(stdout).toEndWith('Stopping …\nStopped. The workspace and everything said in it are gone.\n')
}, 30_000)
