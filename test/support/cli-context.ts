import { parseEnv } from 'node:util'
import type { CliContext, Output } from '../../src/cli/cli-context.ts'
import { runCli } from '../../src/cli/run-cli.ts'
import { FakeClock } from './fake-clock.ts'
import { type FakeFiles, readFakeFiles } from './load-config.ts'

export interface CliRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface CliInput {
  readonly env?: Readonly<Record<string, string>>
  readonly files?: FakeFiles
  /** Default: nothing answers. */
  readonly fetch?: CliContext['fetch']
  readonly clock?: FakeClock
  /** Whether stdout is a terminal of 80 columns. */
  readonly isTerminal?: boolean
  readonly onSignal?: CliContext['onSignal']
}

/** Runs a command line in this process, against what the test gives and nothing else. */
export async function runCommandLine(argv: readonly string[], input: CliInput = {}): Promise<CliRun> {
  const stdout = new RecordedOutput(input.isTerminal ?? false)
  const stderr = new RecordedOutput(false)
  const code = await runCli({
    argv,
    env: input.env ?? {},
    stdout,
    stderr,
    logStream: () => {
      throw new Error('this command has no log')
    },
    stdin: () => new ReadableStream(),
    readFile: readFakeFiles(input.files ?? {}),
    parseToml: (text) => Bun.TOML.parse(text),
    parseEnvFile: parseEnv,
    onSignal: input.onSignal ?? (() => () => undefined),
    clock: input.clock ?? new FakeClock(),
    fetch: input.fetch ?? (() => Promise.reject(new Error('connection refused'))),
    build: { version: '1.2.3', commit: 'abc1234', date: '2026-11-22' },
    platform: 'linux-x64',
    bunVersion: '1.4.5',
    pid: 4711,
  })
  return { code, stdout: stdout.text, stderr: stderr.text }
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
