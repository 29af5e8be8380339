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

/** Scenarios that the product cannot pass because they ask for the suite's own tools: the suite's baseline, one file for each revision. */
function baselinePath(revision: ConformanceRevision): string {
  return fileURLToPath(new URL(`product-baseline-${revision}.yml`, import.meta.url))
}

/**
 * Runs every active scenario of a revision against the product; true where it fails exactly those of the baseline. The requirement sets know no
 * baseline, so this is a run of its own.
 */
export async function runProductSuite(
  url: string,
  revision: ConformanceRevision,
): Promise<Pick<ConformanceResult, 'isConformant' | 'output'>> {
  const baseline = ['--expected-failures', baselinePath(revision)]
  return runSuite(['--url', url, '--spec-version', revision, ...baseline])
}

/**
 * Runs the official suite, as a process of its own, against a server that it reaches without credentials. `url` must name a loopback host by
 * name: the suite's rebinding scenario demands it.
 */
export async function runConformanceSuite(
  url: string,
  revision: ConformanceRevision,
): Promise<ConformanceResult> {
  const { isConformant, output } = await runSuite(['--url', url, '--requirements', revision])
  return { revision, ...count(output), isConformant, output }
}

async function runSuite(
  args: readonly string[],
): Promise<Pick<ConformanceResult, 'isConformant' | 'output'>> {
  const run = Bun.spawn([process.execPath, suite, 'server', ...args], { stdout: 'pipe', stderr: 'pipe' })
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(run.stdout).text(),
    new Response(run.stderr).text(),
    run.exited,
  ])
  return { isConformant: exitCode === 0, output: `${stdout}${stderr}` }
}

/** The summary has a line for every scenario; those listed again below it, each with its reason, are not scored. */
function count(output: string): { readonly scored: number; readonly passed: number } {
  const [, summary = ''] = output.split('=== SUMMARY ===')
  const unscored = new Set(Array.from(summary.matchAll(/^ {2}[✓✗] (\S+) \(/gm), ([, name]) => name))
  const all = [...summary.matchAll(/^([✓✗]) (\S+): /gm)].filter(([, , name]) => !unscored.has(name))
  return { scored: all.length, passed: all.filter(([, mark]) => mark === '✓').length }
}
