/** One thing that keeps the configuration from being used. Holds no secret. */
export interface ConfigProblem {
  /** What to change, in every spelling: `PORT (--port, [server] port)`. */
  readonly subject: string
  /** What is wrong with it. */
  readonly message: string
  /** Where the value came from; undefined where there is none. */
  readonly from?: string | undefined
  /** Where the right value is found, or what to do instead. */
  readonly hint?: string | undefined
}

/** Every problem at once, each with its subject, source and hint. Ends with a line feed. */
export function renderProblems(problems: readonly ConfigProblem[]): string {
  const heading =
    problems.length === 1
      ? 'The configuration has a problem:'
      : `The configuration has ${problems.length} problems:`
  return [heading, ...problems.map(renderProblem), ''].join('\n')
}

function renderProblem({ subject, message, from, hint }: ConfigProblem): string {
  const lines = [`  ${subject}: ${message}`]
  if (from !== undefined) lines.push(`      from ${from}`)
  if (hint !== undefined) lines.push(`      hint: ${hint}`)
  return lines.join('\n')
}
