import { parseEnv } from 'node:util'
import type { Clock } from '../../src/base/clock.ts'
import type { CliContext, Keyboard, LocalFiles, Output } from '../../src/cli/cli-context.ts'
import { runCli } from '../../src/cli/run-cli.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeLocalFiles } from './fake-local-files.ts'
import { type FakeFiles, readFakeFiles } from './load-config.ts'

export interface CliRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface CliInput {
  readonly env?: Readonly<Record<string, string>>
  readonly files?: FakeFiles
  /** What commands write to; without it `files` in memory. */
  readonly localFiles?: LocalFiles
  /** What a person types, line after line; without it standard input is no terminal. */
  readonly typed?: readonly string[]
  /** Default: nothing answers. */
  readonly fetch?: CliContext['fetch']
  readonly clock?: Clock
  /** Whether stdout is a terminal of 80 columns. */
  readonly isTerminal?: boolean
  readonly onSignal?: CliContext['onSignal']
  readonly platform?: string
  /** Default: no program can be run. */
  readonly runProgram?: CliContext['runProgram']
}

/** Runs a command line in this process, against what the test gives and nothing else. */
export async function runCommandLine(argv: readonly string[], input: CliInput = {}): Promise<CliRun> {
  const { context, stdout, stderr } = createCliContext(argv, input)
  const code = await runCli(context)
  return { code, stdout: stdout.text, stderr: stderr.text }
}

/** What `runCommandLine` gives a command, for tests of a part of one. */
export function createCliContext(argv: readonly string[], input: CliInput = {}) {
  const stdout = new RecordedOutput(input.isTerminal ?? false)
  const stderr = new RecordedOutput(false)
  const files = input.localFiles ?? new FakeLocalFiles(input.files)
  const context: CliContext = {
    argv,
    env: input.env ?? {},
    stdout,
    stderr,
    logStream: () => {
      throw new Error('this command has no log')
    },
    stdin: () => new ReadableStream(),
    keyboard: input.typed === undefined ? undefined : typing(input.typed, stderr),
    files,
    readFile: (path) =>
      readFakeFiles(files instanceof FakeLocalFiles ? files.files : (input.files ?? {}))(path),
    parseToml: (text) => Bun.TOML.parse(text),
    parseEnvFile: parseEnv,
    onSignal: input.onSignal ?? (() => () => undefined),
    onFault: () => () => undefined,
    hasTerminal: () => false,
    runProgram: input.runProgram ?? (() => Promise.reject(new Error('no such program'))),
    heldBytes: () => 0,
    clock: input.clock ?? new FakeClock(),
    fetch: input.fetch ?? (() => Promise.reject(new Error('connection refused'))),
    build: { version: '1.2.3', commit: 'abc1234', date: '2026-11-22', target: 'linux-x64-musl' },
    executable: ['/usr/bin/slack-integrated-server'],
    platform: input.platform ?? 'linux-x64',
    bunVersion: '1.4.5',
    pid: 4711,
  }
  return { context, stdout, stderr }
}

/** Types each line once, then ends the input. */
function typing(lines: readonly string[], stderr: Output): Keyboard {
  const rest = [...lines]
  return {
    async readLine({ question }) {
      stderr.write(question)
      return rest.shift()
    },
  }
}

class RecordedOutput implements Output {
  text = ''
  readonly isTerminal: boolean
  readonly columns: number | undefined

  constructor(isTerminal: boolean) {
    this.isTerminal = isTerminal
    this.columns = isTerminal ? 80 : undefined
  }

  write(text: string): void {
    this.text += text
  }
}
