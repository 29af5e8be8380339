import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { name, version } from '../../package.json'
import { expectSame } from '../expect-same.ts'
import { readProject } from '../release/project.ts'
import { targetTable } from '../release/target-table.ts'
import type { CheckedRelease } from './checked-release.ts'
import { runTool } from './run-tool.ts'

/** Everything is there that docs/release.md promises for one target, and the sums are those of the files, as the tool says that people check them with. */
export function checkFiles({ folder, stem }: CheckedRelease): void {
  const others = readdirSync(folder).filter((name) => name !== 'checksums.txt')
  expectSame('what the release holds', others.sort(), promisedFiles(stem).sort())
  runTool(['sha256sum', '--check', '--strict', '--quiet', 'checksums.txt'], { cwd: folder })
  const listed = runTool(['cut', '-c', '67-', 'checksums.txt'], { cwd: folder }).trim().split('\n')
  expectSame('what checksums.txt lists', listed.sort(), others.sort())
}

/** What is made for a target of Linux, and once for all. */
function promisedFiles(stem: string): string[] {
  const { repository } = readProject()
  const target = targetTable.find(({ name }) => stem.endsWith(`-${version}-${name}`))
  if (target === undefined) throw new Error(`No target is called as ${stem}`)
  return [
    ...[stem, `${stem}.tar.gz`],
    ...(target.isInMcpb ? [`${stem}.mcpb`] : []),
    ...(target.isInNpm ? [`${name}-${target.name}-${version}.tgz`] : []),
    ...(target.debian === undefined ? [] : [`${name}_${version}_${target.debian}.deb`]),
    ...[`${name}-${version}.tgz`, `${name}-${version}.cdx.json`, 'LICENSE', 'THIRD-PARTY-LICENSES.txt'],
    ...(repository === undefined ? [] : ['server.json']),
  ]
}

/** Unpacked, the program runs, and is what lies beside the archive by itself. */
export function checkArchive({ folder, scratch, stem, version: said }: CheckedRelease): void {
  const unpacked = join(scratch, stem)
  runTool(['tar', '-xzf', join(folder, `${stem}.tar.gz`), '-C', scratch])
  expectSame('what the archive holds', readdirSync(unpacked).sort(), [
    'LICENSE',
    'THIRD-PARTY-LICENSES.txt',
    'slack-integrated-server',
    'slack-integrated-server.service',
  ])
  const program = join(unpacked, 'slack-integrated-server')
  expectSame('what the program of the archive says', runTool([program, 'version']), said)
  runTool(['cmp', program, join(folder, stem)])
}
