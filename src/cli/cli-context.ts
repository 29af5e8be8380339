import type { Clock } from '../base/clock.ts'
import type { BuildInfo } from '../build-info.ts'
import type { Environment, OptionTexts, ReadFile } from '../config/config-sources.ts'
import type { LineStream } from '../observe/line-writer.ts'

/** The one name that commands, help and messages call the binary. */
export const programName = 'slack-integrated-server'

/** A stream that people or programs read. */
export interface Output {
  /** Returns once the text is with the operating system. Ends the process quietly where nobody reads any more. */
  write(text: string): void
  readonly isTerminal: boolean
  /** Width of the terminal; undefined where there is none. */
  readonly columns: number | undefined
}

/** What is at a path, links followed. */
export interface FileFacts {
  /** `hidden`: this process may not look, because of a folder on the way. */
  readonly kind: 'file' | 'directory' | 'other' | 'hidden'
  /** The permission bits. */
  readonly mode: number
  /** By this process. */
  readonly isWritable: boolean
}

/** The files that a command looks at or writes. Everything that writes throws what the system says (EACCES, ENOSPC). */
export interface LocalFiles {
  /** undefined where there is nothing. Never throws. */
  facts(path: string): FileFacts | undefined
  /** Writes the whole file or leaves it as it was. Makes the folders on the way, for the owner alone. */
  replace(path: string, text: string, mode: number): void
  /** Throws where `replace` would not be allowed to; changes nothing. */
  checkReplaceable(path: string): void
  /** The whole of `from` over what is at `to`, or `to` stays as it was. It has the mode of `from`. */
  copy(from: string, to: string): void
  /** A new folder within `folder`, and how to get rid of it and all that is in it. */
  makeScratch(folder: string): string
  removeScratch(folder: string): void
}

/** A person at the keyboard. */
export interface Keyboard {
  /**
   * Shows `question` and takes the next line; undefined at the end of the input (Ctrl-D), and where `signal` aborts. Hidden: nothing is shown of it,
   * from the moment on that the question stands there.
   */
  readLine(options: {
    readonly question: string
    readonly isHidden: boolean
    readonly signal: AbortSignal
  }): Promise<string | undefined>
}

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** What a program that is run gets. */
export interface ProgramInput {
  /** Its standard input, which then ends. */
  readonly input: Uint8Array
  /** Added to our own environment. */
  readonly env: Readonly<Record<string, string>>
  /** Kills it. */
  readonly signal: AbortSignal
}

/** The process, as commands see it: handed in by main.ts, made up by tests. */
export interface CliContext {
  /** Without the runtime and the script. */
  readonly argv: readonly string[]
  readonly env: Environment
  readonly stdout: Output
  readonly stderr: Output
  /** The same two as streams, for logs: they take lines without waiting for a slow reader. */
  readonly logStream: (name: 'stdout' | 'stderr') => LineStream
  /** Standard input as bytes; nothing is read before this is called. */
  readonly stdin: () => ReadableStream<Uint8Array>
  /** Undefined where standard input is no terminal. */
  readonly keyboard: Keyboard | undefined
  readonly files: LocalFiles
  readonly readFile: ReadFile
  readonly parseToml: (text: string) => unknown
  readonly parseEnvFile: (text: string) => Environment
  /** Calls `listener` for each signal instead of ending the process; returns how to stop listening. */
  readonly onSignal: (listener: (signal: StopSignal) => void) => () => void
  /** Calls `listener` for each error that nobody caught instead of ending the process at once; returns how to stop listening. */
  readonly onFault: (listener: (error: unknown) => void) => () => void
  /** Whether the process has a controlling terminal now. One that it had and has no more was hung up. */
  readonly hasTerminal: () => boolean
  /**
   * Runs a program without a shell, out of reach of Ctrl-C; what it writes goes where ours goes. Resolves with its exit code, 128 and more for a
   * signal; rejects where it cannot be started.
   */
  readonly runProgram: (command: readonly [string, ...string[]], input: ProgramInput) => Promise<number>
  /** Memory of this process that the kernel cannot take back, bytes; 0 where it is not known. */
  readonly heldBytes: () => number
  readonly clock: Clock
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  readonly build: BuildInfo
  /** How this program is started again: the binary, or the runtime and the script. */
  readonly executable: readonly [string, ...string[]]
  /** `linux-x64` and the like. */
  readonly platform: string
  readonly bunVersion: string
  readonly pid: number
}

/** A command line after parsing: options as text, still to be decoded and checked. */
export interface ParsedFlags {
  readonly options: OptionTexts
  readonly configPath: string | undefined
  readonly envFilePath: string | undefined
  /** The command's own flags, by their names without dashes: text, or true for those without a value. */
  readonly own: Readonly<Record<string, string | true>>
  /** What is neither command nor flag. */
  readonly arguments: readonly string[]
}

/** What every command file exports. Resolves with the exit code; what it throws ends as one line and exit code 1. */
export type RunCommand = (context: CliContext, flags: ParsedFlags) => Promise<number>
