import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Recorded Slack payloads that live beside the project, not in it. Tests that need them are skipped, loudly, where they are absent. */
export const corpusDirectory = resolve(
  process.env['SLACK_CORPUS_DIR'] ?? join(import.meta.dir, '../../../shared/corpus'),
)
export const hasCorpus = existsSync(corpusDirectory)

if (!hasCorpus)
  process.stderr.write(
    `tests of recorded payloads are skipped: no corpus at ${corpusDirectory} (SLACK_CORPUS_DIR)\n`,
  )

export interface CorpusFile {
  /** Path below the corpus. */
  readonly name: string
  readonly bytes: Buffer
}

/** Every file below `folder` whose name ends in `ending`, in the order of their names. */
export function corpusFiles(folder: string, ending = '.json'): readonly CorpusFile[] {
  if (!hasCorpus) return []
  return readdirSync(join(corpusDirectory, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => ({ name: `${folder}/${name}`, bytes: readFileSync(join(corpusDirectory, folder, name)) }))
}
