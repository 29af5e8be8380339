/** What the process says when it ends (D18); 69, 77 and 78 are those of sysexits(3). */
export const exitCodes = {
  /** Also after a drained SIGTERM or SIGINT of `serve` and `demo`, and the hang-up of their terminal. */
  done: 0,
  failed: 1,
  /** Unknown command or flag. */
  usage: 2,
  /** Something that the command needs does not answer. */
  unavailable: 69,
  /** Slack refused the credentials. */
  refused: 77,
  /** Missing or invalid configuration; restarting does not help. */
  config: 78,
  /** SIGINT of a command other than `serve` and `demo`. */
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
