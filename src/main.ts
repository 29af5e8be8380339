import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { parseEnv } from 'node:util'
import { createSystemClock, keepProcessAlive } from './base/clock.ts'
import { buildInfo } from './build-info.ts'
import type { CliContext, Output, ProgramInput, StopSignal } from './cli/cli-context.ts'
import { runCli } from './cli/run-cli.ts'
import { systemCode, systemReason } from './cli/system-reason.ts'
import { createKeyboard, type RawInput } from './cli/terminal-keyboard.ts'
import type { FileText } from './config/config-sources.ts'
import { createLocalFiles } from './local-files.ts'
import { parseHeldBytes } from './resilience/memory-limit.ts'

/** The process edge: argv, environment, streams, signals, exit code. Nothing else touches `process`. */

const stdinDescriptor = 0
const stdoutDescriptor = 1
const stderrDescriptor = 2

/** More than any configuration or secret has; keeps `NAME_FILE=/dev/zero` from filling the memory. */
const fileBytesMax = 1_048_576

/** How long to wait before writing again to a pipe that is full. */
const fullPipeWaitMs = 1

const faults = ['uncaughtException', 'unhandledRejection'] as const
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

main()

function main(): void {
  // Else the process ends, with code 0, in the middle of a stop: once nothing listens, what is awaited holds it no longer.
  keepProcessAlive()
  // `runCli` never rejects. Everything has been written by then: output is synchronous.
  void runCli(createContext()).then((code) => process.exit(code))
}

function createContext(): CliContext {
  return {
    argv: process.argv.slice(2),
    env: process.env,
    stdout: createOutput(stdoutDescriptor),
    stderr: createOutput(stderrDescriptor),
    logStream: (name) => process[name],
    stdin: () => Bun.stdin.stream(),
    keyboard: isatty(stdinDescriptor)
      ? createKeyboard(createRawInput(), createOutput(stderrDescriptor), onSignal)
      : undefined,
    files: createLocalFiles(String(process.pid)),
    readFile,
    parseToml: (text) => Bun.TOML.parse(text),
    parseEnvFile: parseEnv,
    onSignal,
    onFault,
    hasTerminal,
    runProgram,
    heldBytes,
    clock: createSystemClock(),
    fetch: (url, init) => fetch(url, init),
    build: buildInfo,
    executable: isCompiled(Bun.main) ? [process.execPath] : [process.execPath, Bun.main],
    platform: `${process.platform}-${process.arch}`,
    bunVersion: Bun.version,
    pid: process.pid,
  }
}

/** Written synchronously, so that nothing is lost at exit and `process.stdout`, which takes time to set up, is not needed for pipes. */
function createOutput(descriptor: number): Output {
  const isTerminal = isatty(descriptor)
  return {
    isTerminal,
    columns: isTerminal ? process.stdout.columns : undefined,
    write(text) {
      let rest = Buffer.from(text)
      while (rest.length > 0) rest = rest.subarray(writeSome(descriptor, rest))
    },
  }
}

/** The number of bytes written. A reader of the output that went away (`config show | head -1`) is no failure. */
function writeSome(descriptor: number, bytes: Uint8Array): number {
  try {
    return writeSync(descriptor, bytes)
  } catch (error) {
    if (systemCode(error) === 'EAGAIN') {
      Bun.sleepSync(fullPipeWaitMs)
      return 0
    }
    // Nobody is left to tell, and the exit code still says what was wrong.
    if (descriptor === stderrDescriptor) return bytes.byteLength
    if (systemCode(error) === 'EPIPE') process.exit(0)
    throw new Error(`standard output cannot be written: ${systemReason(error)}`, { cause: error })
  }
}

function readFile(path: string): FileText {
  try {
    const descriptor = openSync(path, 'r')
    try {
      return readBounded(descriptor)
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing' }
    return { kind: 'unreadable', reason: systemReason(error) }
  }
}

function readBounded(descriptor: number): FileText {
  const buffer = Buffer.alloc(fileBytesMax + 1)
  let byteCount = 0
  for (let read = -1; read !== 0 && byteCount < buffer.length; byteCount += read) {
    read = readSync(descriptor, buffer, byteCount, buffer.length - byteCount, null)
  }
  if (byteCount > fileBytesMax)
    return { kind: 'unreadable', reason: `it is larger than ${fileBytesMax} bytes` }
  return { kind: 'text', text: buffer.toString('utf8', 0, byteCount) }
}

function heldBytes(): number {
  try {
    return parseHeldBytes(readFileSync('/proc/self/status', 'utf8'))
  } catch {
    return 0
  }
}

async function runProgram(
  command: readonly [string, ...string[]],
  { input, env, signal }: ProgramInput,
): Promise<number> {
  const child = Bun.spawn([...command], {
    stdin: new Uint8Array(input),
    stdout: 'inherit',
    stderr: 'inherit',
    env: { ...process.env, ...env },
    // A terminal sends Ctrl-C to the whole group: what runs may finish.
    detached: true,
    signal,
    killSignal: 'SIGKILL',
  })
  return await child.exited
}

function onSignal(listener: (signal: StopSignal) => void): () => void {
  for (const signal of stopSignals) process.on(signal, listener)
  return () => {
    for (const signal of stopSignals) process.off(signal, listener)
  }
}

/**
 * Without a listener Bun 1.4.5 ends the process at a stray throw or rejection, unless it began in the handler of a request: a server has one
 * policy for all of them.
 */
function onFault(listener: (error: unknown) => void): () => void {
  for (const kind of faults) process.on(kind, listener)
  return () => {
    for (const kind of faults) process.off(kind, listener)
  }
}

/** The device can be opened as long as the session of the process has a terminal (tty(4)): a hang-up takes it away before the signal comes. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', constants.O_RDWR | constants.O_NOCTTY))
    return true
  } catch {
    return false
  }
}

/** Made when somebody is at the keyboard: setting up `process.stdin` takes time. */
function createRawInput(): RawInput {
  return {
    setRaw(isRaw) {
      process.stdin.setRawMode(isRaw)
      if (isRaw) process.stdin.resume()
      else process.stdin.pause()
    },
    listen(listener) {
      const onData = (bytes: Buffer) => listener(bytes.toString('utf8'))
      const onEnd = () => listener(undefined)
      process.stdin.on('data', onData)
      process.stdin.on('end', onEnd)
      return () => {
        process.stdin.off('data', onData)
        process.stdin.off('end', onEnd)
      }
    },
    interrupt: () => process.kill(process.pid, 'SIGINT'),
  }
}

/** Within a binary the script has a path that exists nowhere else. */
function isCompiled(mainPath: string): boolean {
  return mainPath.startsWith('/$bunfs/') || mainPath.startsWith('B:\\~BUN\\')
}
