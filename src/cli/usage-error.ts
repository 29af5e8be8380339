/** A command line that means nothing: exit code 2. The message is one line, for the one who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
