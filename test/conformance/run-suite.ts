import { fileURLToPath } from 'node:url'

/** The revisions whose frozen requirement sets the suite knows. */
export const conformanceRevisions = ['2025-11-25', '2026-07-28'] as const
export type ConformanceRevision = (typeof conformanceRevisions)[number]

export interface ConformanceResult {
  readonly revision: ConformanceRevision
  /** Scenarios that the revision's requirements count, and those of them that passed. */
  readonly scored: number
  readonly passed: number
  /** The suite's own verdict: exit code 0. */
  readonly isConformant: boolean
  readonly output: string
}

/** The package has a command and no entry to import. */
const suite = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url),
)

/**
 * Runs the official suite, as a process of its own, against a server that it reaches without credentials. `url` must name a loopback host by
 * name: the suite's rebinding scenario demands it.
 */
export async function runConformanceSuite(
  url: string,
  revision: ConformanceRevision,
): Promise<ConformanceResult> {
  const run = Bun.spawn([process.execPath, suite, 'server', '--url', url, '--requirements', revision], {
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(run.stdout).text(),
    new Response(run.stderr).text(),
    run.exited,
  ])
  return { revision, ...count(stdout), isConformant: exitCode === 0, output: `${stdout}${stderr}` }
}

/** The summary has a line for every scenario; those listed again below it, each with its reason, are not scored. */
function count(output: string): { readonly scored: number; readonly passed: number } {
  const [, summary = ''] = output.split('=== SUMMARY ===')
  const unscored = new Set(Array.from(summary.matchAll(/^ {2}[✓✗] (\S+) \(/gm), ([, name]) => name))
  const all = [...summary.matchAll(/^([✓✗]) (\S+): /gm)].filter(([, , name]) => !unscored.has(name))
  return { scored: all.length, passed: all.filter(([, mark]) => mark === '✓').length }
}
