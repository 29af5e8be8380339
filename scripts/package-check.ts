import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { name, version } from '../package.json'
import { readCommit } from './build.ts'
import { expectSame } from './expect-same.ts'
import { checkArchive, checkFiles } from './packages/check-archive.ts'
import { checkDebian, whyNoDebian } from './packages/check-debian.ts'
import { checkMcpb } from './packages/check-mcpb.ts'
import { checkNpm } from './packages/check-npm.ts'
import type { CheckedRelease } from './packages/checked-release.ts'
import { runTool } from './packages/run-tool.ts'

/**
 * Makes the release of this machine twice, in two folders, and installs what came out as users would: bun scripts/package-check.ts
 * Needs Linux and npm; the .deb takes root. What is for other machines is not made here: `bun run release --check` does.
 */

function makeRelease(folder: string): string {
  const script = join(import.meta.dir, 'release.ts')
  return runTool([process.execPath, script, '--target', 'host', '--check', '--outdir', folder])
}

async function main(): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'package-check-'))
  try {
    const folder = join(scratch, 'release')
    process.stdout.write(makeRelease(folder))
    const [binary] = new Bun.Glob(`*-${version}-linux-{x64,arm64}{,-musl}`).scanSync(folder)
    if (binary === undefined) throw new Error('There is no binary for this machine in the release')
    const release: CheckedRelease = {
      folder,
      scratch,
      stem: binary,
      version: runTool([join(folder, binary), 'version']),
    }
    const { commit, date } = await readCommit()
    const target = binary.slice(`${name}-${version}-`.length)
    expectSame(
      'what the binary says',
      release.version,
      `${name} ${version} (${commit} ${date}, bun ${Bun.version}, ${target})\n`,
    )
    const say = (what: string) => process.stdout.write(`${what}\n`)
    checkFiles(release)
    say('files: all that a release has, with their checksums')
    checkArchive(release)
    say('archive: unpacked, runs')
    const reason = whyNoDebian()
    if (reason === undefined) checkDebian(release)
    say(reason === undefined ? '.deb: installed, runs, removed, purged' : `.deb: skipped, ${reason}`)
    await checkNpm(release)
    say('npm: packed, installed offline, runs by npx, stops on SIGTERM')
    await checkMcpb(release)
    say('MCPB: valid, unpacked, initialized, its tools only read')
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

if (import.meta.main) await main()
