import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expectSame } from '../expect-same.ts'
import type { CheckedRelease } from './checked-release.ts'
import { runTool } from './run-tool.ts'

/** The sums are those of the files, as the tool says that people check them with. */
export function checkChecksums({ folder }: CheckedRelease): void {
  runTool(['sha256sum', '--check', '--strict', '--quiet', 'checksums.txt'], { cwd: folder })
  const listed = runTool(['cut', '-c', '67-', 'checksums.txt'], { cwd: folder }).trim().split('\n')
  const others = readdirSync(folder).filter((name) => name !== 'checksums.txt')
  expectSame('what checksums.txt lists', listed.sort(), others.sort())
}

/** Unpacked, the program runs, and is what lies beside the archive by itself. */
export function checkArchive({ folder, scratch, stem, version }: CheckedRelease): void {
  const unpacked = join(scratch, stem)
  runTool(['tar', '-xzf', join(folder, `${stem}.tar.gz`), '-C', scratch])
  expectSame('what the archive holds', readdirSync(unpacked).sort(), [
    'LICENSE',
    'THIRD-PARTY-LICENSES.txt',
    'slack-integrated-server',
    'slack-integrated-server.service',
  ])
  const program = join(unpacked, 'slack-integrated-server')
  expectSame('what the program of the archive says', runTool([program, 'version']), version)
  runTool(['cmp', program, join(folder, stem)])
}
