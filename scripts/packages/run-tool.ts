/** How long one tool may take: making a release twice on a busy machine. */
const deadlineMs = 600_000

export interface ToolOptions {
  readonly cwd?: string
  /** Beside those of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** Default: 0. */
  readonly exitCode?: number
}

/** What the tool says on stdout. Throws with all that it said where it ends with another exit code or does not end. */
export function runTool(
  command: readonly string[],
  { cwd, env = {}, exitCode = 0 }: ToolOptions = {},
): string {
  const run = Bun.spawnSync([...command], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    timeout: deadlineMs,
  })
  if (run.exitCode !== exitCode)
    throw new Error(
      `${command.join(' ')} ended with ${run.exitCode ?? run.signalCode}, not ${exitCode}:\n${run.stdout}${run.stderr}`,
    )
  return run.stdout.toString()
}
