import { expect, test } from 'bun:test'
import { parseEnv } from 'node:util'
import { createSystemClock } from '../../src/base/clock.ts'
import { buildInfo } from '../../src/build-info.ts'
import type { CliContext, StopSignal } from '../../src/cli/cli-context.ts'
import { runCli } from '../../src/cli/run-cli.ts'
import { FakeLocalFiles } from '../support/fake-local-files.ts'

interface Screen {
  readonly isTerminal?: boolean
  readonly env?: Readonly<Record<string, string>>
  /** Called with everything on stdout so far, and how to press Ctrl-C. */
  readonly onText?: (text: string, signal: (name: StopSignal) => void) => void
}

/** The command in this process: real clock and sockets, everything else of the test's making. */
async function runDemo(args: readonly string[], { isTerminal = false, env = {}, onText }: Screen = {}) {
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
    readFile: () => ({ kind: 'missing' }),
    parseToml: (text) => Bun.TOML.parse(text),
    parseEnvFile: parseEnv,
    onSignal(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    runProgram: () => Promise.reject(new Error('a demo runs no program')),
    clock: createSystemClock(),
    fetch: (url, init) => fetch(url, init),
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

test('a bad option is a problem of the configuration, and nothing starts', async () => {
  const { code, stdout, stderr } = await runDemo(['--once', '--mount-path', 'no-slash'])
  expect(stderr).toContain('--mount-path')
  expect([code, stdout]).toEqual([78, ''])
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
