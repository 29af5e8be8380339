import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { version } from '../../package.json'
import { expectSame } from '../expect-same.ts'
import { type CheckedRelease, checkCredentials } from './checked-release.ts'
import { runTool } from './run-tool.ts'

const name = 'slack-integrated-server'
/** For a start and a stop on a busy machine. */
const runDeadlineMs = 60_000

/** npm packs what we packed, and installs it from the files alone; the launcher passes on arguments, exit codes and signals. */
export async function checkNpm(release: CheckedRelease): Promise<void> {
  const { folder, scratch, stem, version: said } = release
  const main = `${name}-${version}.tgz`
  const platform = `${stem.replace(`-${version}`, '')}-${version}.tgz`
  checkPacking(release, main)
  const empty = join(scratch, 'npm')
  mkdirSync(empty)
  // Or npm takes a folder further up for the project.
  writeFileSync(join(empty, 'package.json'), '{ "private": true }\n')
  const env = { npm_config_cache: join(scratch, 'npm-cache'), npm_config_offline: 'true' }
  runTool(['npm', 'install', '--no-audit', '--no-fund', join(folder, main), join(folder, platform)], {
    cwd: empty,
    env,
  })
  expectSame(
    'what npm installed',
    readdirSync(join(empty, 'node_modules'))
      .filter((entry) => !entry.startsWith('.'))
      .sort(),
    [name, platform.replace(`-${version}.tgz`, '')].sort(),
  )
  expectSame('what npx runs', runTool(['npx', '--offline', name, '--version'], { cwd: empty, env }), said)
  runTool(['npx', '--offline', name, '--no-such-flag'], { cwd: empty, env, exitCode: 2 })
  await checkStop(join(empty, 'node_modules/.bin', name), empty)
}

/** Of the main package, whose binary does not have to be packed once more for it. */
function checkPacking({ folder, scratch }: CheckedRelease, main: string): void {
  const unpacked = join(scratch, 'npm-main')
  mkdirSync(unpacked)
  runTool(['tar', '-xzf', join(folder, main), '-C', unpacked])
  const list = (archive: string) => runTool(['tar', '-tzf', archive]).trim().split('\n').sort()
  runTool(['npm', 'pack', '--offline', '--pack-destination', unpacked], { cwd: join(unpacked, 'package') })
  expectSame('what npm packs', list(join(unpacked, main)), list(join(folder, main)))
}

/** Whoever stops the launcher stops the server, which drains and ends with 0. */
async function checkStop(launcher: string, cwd: string): Promise<void> {
  const child = Bun.spawn([launcher, 'serve', '--port', '0'], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...checkCredentials },
    stdout: 'pipe',
    stderr: 'inherit',
    // A group of its own: a launcher that is killed leaves a server behind, which would keep the pipe open for ever.
    detached: true,
  })
  const killer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), runDeadlineMs)
  let text = ''
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    const isStarted = text.includes('"server_started"')
    text += part
    if (!isStarted && text.includes('"server_started"')) child.kill('SIGTERM')
  }
  expectSame('the exit code of a stopped launcher', await child.exited, 0)
  clearTimeout(killer)
  expectSame('whether the server stopped in order', text.includes('"server_stopped"'), true)
}
