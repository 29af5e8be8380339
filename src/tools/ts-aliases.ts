const tsNames = ['message_ts', 'timestamp', 'ts', 'thread_ts'] as const

/** Slack itself calls the ts of a message by several names: where a tool takes one of them, the others are taken for it. */
export function tsAliases(field: (typeof tsNames)[number]): Readonly<Record<string, string>> {
  return Object.fromEntries(tsNames.filter((name) => name !== field).map((name) => [name, field]))
}
