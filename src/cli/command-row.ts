import type { OptionGroup } from '../config/option-row.ts'
import type { OptionKey } from '../config/option-table.ts'
import type { RunCommand } from './cli-context.ts'

/** A flag that belongs to a command and is no option of the configuration. */
export interface OwnFlag {
  readonly name: `--${string}`
  /** Present where the flag takes a value. */
  readonly placeholder?: string
  readonly description: string
}

export interface CommandRow {
  /** `config show` is `['config', 'show']`. */
  readonly path: readonly [string, ...string[]]
  readonly summary: string
  /** Lines that can be pasted, and what each does. */
  readonly examples: readonly (readonly [line: string, says: string])[]
  /** Whether the command loads the configuration, and so takes --config and --env-file. */
  readonly readsConfig: boolean
  /** The options whose flags the command takes: those of these groups, and single ones. */
  readonly groups?: readonly OptionGroup[]
  readonly options?: readonly OptionKey[]
  readonly flags?: readonly OwnFlag[]
  /** At most one operand, or any number where it `isRepeated`. */
  readonly operand?: {
    readonly name: string
    readonly says: string
    /** All that it may be; other words, and none where it is not `isOptional`, are refused before the command is loaded. */
    readonly choices?: readonly string[]
    readonly isOptional?: true
    readonly isRepeated?: true
  }
  /** Imports the command's file: nothing of a command is loaded before it runs. */
  readonly load: () => Promise<RunCommand>
}

/** The name by which people call a command: `config show`. */
export function commandName({ path }: CommandRow): string {
  return path.join(' ')
}
