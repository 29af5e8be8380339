import type { StaticDecode, TOptional, TSchema } from '@sinclair/typebox'

/** The tables of the configuration file, in the order in which help and documents show them. */
export const optionGroups = {
  server: 'Where the server listens and who may reach it.',
  slack: 'The Slack app: its credentials and how its API is called.',
  mcp: 'What AI clients get.',
  webhook: "What Slack's events go through.",
  queue: 'Where accepted events are kept.',
  forward: 'Where events are delivered over HTTP.',
  limits: 'How much one caller may ask for.',
  cors: 'Which browser pages may call MCP and REST.',
  docs: 'The API documents that the server offers.',
  log: 'What is written about all this.',
  traces: 'Where spans of requests, calls and events are sent (OpenTelemetry).',
} as const
export type OptionGroup = keyof typeof optionGroups
export const optionGroupNames = Object.keys(optionGroups) as readonly OptionGroup[]

/** One option: its type and bounds as a TypeBox schema, and what people are told about it. */
export interface OptionRow {
  /** The value as JSON would write it; a Transform yields the value that the program uses. Optional where there may be none. */
  readonly schema: TSchema
  readonly group: OptionGroup
  /** One sentence: what it does, with its unit. */
  readonly description: string
  /** Never shown; has no flag (the process list is public); its variable may be `NAME_FILE` instead, or a systemd credential. */
  readonly secret?: true
  /** A reload (SIGHUP) puts a new value into effect; without this it takes effect at the next start. */
  readonly reloads?: true
  /** The environment variable where it is not the key in capitals: published names and names that outlive a rename. */
  readonly env?: string
  /** Older names of the variable. Two names with different values are an error. */
  readonly envAliases?: readonly string[]
  /** A variable that the service manager sets; it counts below the configuration of the operator's own variables and flags. */
  readonly envOfServiceManager?: string
  /** The flag where it is not the key in kebab case. */
  readonly flag?: `--${string}`
  /** Only a configuration file can hold it. */
  readonly fileOnly?: true
  /** The choices are upper case; any case is taken. */
  readonly ignoresCase?: true
  /** Other spellings of a choice, and which choice they mean. */
  readonly synonyms?: Readonly<Record<string, string>>
  /** Values that people try, and what to do instead. */
  readonly refusals?: Readonly<Record<string, string>>
  /** For a toggle that is on by default: what its flag, which turns it off, does. */
  readonly negation?: string
  /** What stands for the value in help; without it the type does. */
  readonly placeholder?: string
  /** Completes "expected …" where the schema alone does not say it well. */
  readonly expects?: string
  /** Where the value is found, or what to do when it is refused. */
  readonly hint?: string
}

type AsReadonly<Value> = Value extends readonly (infer Item)[] ? readonly Item[] : Value

/** What a row's option is in the program: the decoded type, `undefined` where there may be none. */
export type OptionValue<Row extends OptionRow> =
  | AsReadonly<StaticDecode<Row['schema']>>
  | (Row['schema'] extends TOptional<TSchema> ? undefined : never)
