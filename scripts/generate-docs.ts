import { join } from 'node:path'
import { renderClientsPage } from './documents/clients-page.ts'
import { renderCommandsPage } from './documents/commands-page.ts'
import { renderConfigurationPage } from './documents/configuration-page.ts'
import { deployDocuments } from './documents/deploy-documents.ts'
import { renderErrorsPage } from './documents/errors-page.ts'
import { renderMetricsPage } from './documents/metrics-page.ts'
import { hasRecord, renderPerformancePage } from './documents/performance-page.ts'
import { renderToolsPage } from './documents/tools-page.ts'

/** Every document that is made from a table, by its path from the project's root. */
export const documents: Readonly<Record<string, () => string>> = {
  ...deployDocuments,
  'docs/clients.md': renderClientsPage,
  'docs/commands.md': renderCommandsPage,
  'docs/configuration.md': renderConfigurationPage,
  'docs/errors.md': renderErrorsPage,
  'docs/metrics.md': renderMetricsPage,
  // Once there is something that was measured.
  ...(hasRecord() && { 'docs/performance.md': renderPerformancePage }),
  'docs/tools.md': renderToolsPage,
}

/** The paths whose files are not what the tables say. */
export async function staleDocuments(root: string): Promise<readonly string[]> {
  const stale: string[] = []
  for (const [path, render] of Object.entries(documents)) {
    const file = Bun.file(join(root, path))
    if (!(await file.exists()) || (await file.text()) !== render()) stale.push(path)
  }
  return stale
}

/** Writes them all; with --check writes none, and exits 1 naming those that differ. */
async function main(): Promise<void> {
  const root = join(import.meta.dir, '..')
  const stale = await staleDocuments(root)
  if (process.argv.includes('--check')) {
    for (const path of stale) process.stderr.write(`${path} differs from its table; run "bun run generate"\n`)
    process.exitCode = stale.length === 0 ? 0 : 1
    return
  }
  for (const path of stale) await Bun.write(join(root, path), documents[path]?.() ?? '')
  process.stdout.write(stale.length === 0 ? 'Every document is up to date.\n' : `Wrote ${stale.join(', ')}\n`)
}

if (import.meta.main) await main()
