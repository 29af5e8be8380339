import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { version } from '../package.json'
import { expectSame } from './expect-same.ts'
import { Buildah } from './images/buildah.ts'
import { createStandIns, type StandIns } from './images/stand-ins.ts'

/**
 * Builds both images of Dockerfile.distroless with buildah and runs them as their user, without a registry and without a daemon. What the
 * Dockerfile takes from a registry are stand-ins, made of this machine's own files: a shell and Bun to build with, Debian's libc to run on.
 * So this shows the instructions, the binary on nothing but its libraries, the user, the start, the health check and the stop. It does not show
 * the real base image, arm64, or a read-only root: buildah's chroot isolation has none, so instead nothing may have been written.
 */

const userId = 65_532
const binary = '/usr/bin/slack-integrated-server'
const startDeadlineMs = 20_000
const stopDeadlineMs = 15_000

const credentials = [
  'SLACK_BOT_TOKEN=xoxb-111111111111-222222222222-abcdefghijklmnopqrstuvwx',
  'SLACK_SIGNING_SECRET=0f1e2d3c4b5a69788796a5b4c3d2e1f0',
]

function buildImage(buildah: Buildah, target: string, { build, glibc, base }: StandIns): string {
  const image = `localhost/checked-${target}`
  const values = {
    BUILD_IMAGE: build,
    GLIBC_IMAGE: glibc,
    BASE_IMAGE: base,
    VERSION: version,
    REVISION: 'abc1234',
  }
  buildah.run(
    'bud',
    ...['--isolation', 'chroot', '--format', 'docker', '--pull-never', '--layers', '--target', target],
    ...Object.entries(values).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    // The packages are on this machine already: nothing is fetched.
    ...['--volume', `${packageCache()}:${cacheInImage}`],
    ...['--file', 'Dockerfile.distroless', '--tag', image, '.'],
  )
  return image
}

/** Where Bun looks for packages in the build stage, which runs as root of its own image: Bun's default there, whatever this machine has. */
const cacheInImage = '/root/.bun/install/cache'

/** Where this machine keeps them. */
function packageCache(): string {
  return Bun.spawnSync([process.execPath, 'pm', 'cache']).stdout.toString().trim()
}

interface ImageConfig {
  readonly User: string
  readonly ExposedPorts: Readonly<Record<string, unknown>>
  readonly Env: readonly string[]
  readonly Entrypoint: readonly string[]
  readonly Cmd: readonly string[]
  readonly Volumes: Readonly<Record<string, unknown>>
  readonly StopSignal: string
  readonly Healthcheck: { readonly Test: readonly string[] }
  readonly Labels: Readonly<Record<string, string>>
}

function checkConfig(buildah: Buildah, image: string): void {
  const { Docker } = JSON.parse(buildah.run('inspect', '--type', 'image', image)) as {
    readonly Docker: { readonly config: ImageConfig }
  }
  const { config } = Docker
  expectSame('User', config.User, `${userId}:${userId}`)
  expectSame('ExposedPorts', Object.keys(config.ExposedPorts), ['3000/tcp'])
  expectSame('Entrypoint', config.Entrypoint, [binary])
  expectSame('Cmd', config.Cmd, ['serve'])
  expectSame('Volumes', Object.keys(config.Volumes), ['/var/lib/slack-integrated-server'])
  expectSame('StopSignal', config.StopSignal, 'SIGTERM')
  expectSame('Healthcheck', config.Healthcheck.Test, ['CMD', binary, 'healthcheck'])
  expectSame(
    'HOST',
    config.Env.filter((entry) => entry.startsWith('HOST=')),
    ['HOST=0.0.0.0'],
  )
  expectSame(
    'PORT',
    config.Env.filter((entry) => entry.startsWith('PORT=')),
    [],
  )
  expectSame('version', config.Labels['org.opencontainers.image.version'], version)
  expectSame('revision', config.Labels['org.opencontainers.image.revision'], 'abc1234')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  if (address === null || typeof address === 'string') throw new Error('There is no free port')
  return address.port
}

/** The server that runs below `ancestor`, which buildah wraps in processes of its own. */
function serverBelow(ancestor: number): number | undefined {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const parents = new Map(processes.map((name) => [Number(name), parentOf(name)]))
  const isBelow = (pid: number | undefined): boolean =>
    pid !== undefined && pid !== 0 && (pid === ancestor || isBelow(parents.get(pid)))
  return [...parents.keys()].find(
    (pid) => isBelow(pid) && textOf(`/proc/${pid}/cmdline`).startsWith(`${binary}\0`),
  )
}

function parentOf(pid: string): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0)
}

/** Empty for a process that has just ended. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

async function until<Value>(
  what: string,
  deadlineMs: number,
  look: () => Promise<Value | undefined>,
): Promise<Value> {
  const endsAtMs = performance.now() + deadlineMs
  for (;;) {
    const value = await look()
    if (value !== undefined) return value
    if (performance.now() > endsAtMs) throw new Error(`${what} did not happen within ${deadlineMs} ms`)
    await Bun.sleep(100)
  }
}

/** Everything in the container's root, files with sizes and times: what the server wrote would show. */
function listing(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name)
    const { mtimeMs, size, uid } = statSync(path, { throwIfNoEntry: false }) ?? {}
    return entry.isDirectory() ? `${path} ${uid}` : `${path} ${uid} ${size} ${mtimeMs}`
  })
}

async function checkRun(buildah: Buildah, image: string): Promise<void> {
  const container = buildah.run('from', '--pull-never', image)
  const rootFolder = buildah.run('mount', container)
  const stateOwner = statSync(join(rootFolder, 'var/lib/slack-integrated-server')).uid
  expectSame('the owner of the state directory', stateOwner, userId)
  for (const shell of ['bin/sh', 'usr/bin/sh', 'bin/bash', 'usr/bin/bash']) {
    const found = statSync(join(rootFolder, shell), { throwIfNoEntry: false })
    if (found !== undefined) throw new Error(`there is a shell: /${shell}`)
  }
  const port = await freePort()
  const env = [...credentials, `PORT=${port}`].flatMap((entry) => ['--env', entry])
  const inside = (...args: readonly string[]) =>
    buildah.command('run', '--isolation', 'chroot', ...env, container, '--', binary, ...args)

  // The first run also makes what buildah itself mounts and writes.
  expectSame('the exit code of version', Bun.spawnSync(inside('version')).exitCode, 0)
  const before = listing(rootFolder)

  const running = Bun.spawn(inside('serve'), { stdout: 'pipe', stderr: 'inherit' })
  const output = new Response(running.stdout).text()
  try {
    await until('an answer on /livez', startDeadlineMs, async () => {
      const response = await fetch(`http://127.0.0.1:${port}/livez`).catch(() => undefined)
      return response?.ok === true ? true : undefined
    })
    const pid = serverBelow(running.pid)
    if (pid === undefined) throw new Error('the server is not below buildah')
    const uids = /^Uid:\s+(.*)$/m.exec(textOf(`/proc/${pid}/status`))?.[1]?.split('\t')
    expectSame(
      'the user that it runs as',
      uids,
      Array.from({ length: 4 }, () => String(userId)),
    )
    expectSame(
      'the exit code of the health check',
      Bun.spawnSync(inside('healthcheck', 'readyz')).exitCode,
      0,
    )
    process.kill(pid, 'SIGTERM')
    const killer = setTimeout(() => process.kill(pid, 'SIGKILL'), stopDeadlineMs)
    expectSame('the exit code after SIGTERM', await running.exited, 0)
    clearTimeout(killer)
  } finally {
    const pid = serverBelow(running.pid)
    if (pid !== undefined) process.kill(pid, 'SIGKILL')
    await running.exited
  }
  if (!(await output).includes('"server_stopped"')) throw new Error('the log does not say that it stopped')
  expectSame(
    'what the server wrote',
    listing(rootFolder).filter((line) => !before.includes(line)),
    [],
  )
  const unset = Bun.spawnSync(
    buildah.command('run', '--isolation', 'chroot', container, '--', binary, 'serve'),
  )
  expectSame('the exit code without configuration', unset.exitCode, 78)
}

/** As buildah counts it: the layers, unpacked. */
function sizeOf(buildah: Buildah, image: string): string {
  const [found] = JSON.parse(buildah.run('images', '--json', image)) as readonly { readonly size: string }[]
  if (found === undefined) throw new Error(`There is no image ${image}`)
  return found.size
}

async function main(): Promise<void> {
  if (Bun.which('buildah') === null || process.getuid?.() !== 0) {
    process.stderr.write('The image check needs root and buildah: apt-get install buildah\n')
    process.exitCode = 69
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'image-check-'))
  const buildah = new Buildah(folder)
  try {
    const standIns = createStandIns(buildah, join(folder, 'stand-ins'))
    for (const target of ['distroless', 'scratch']) {
      const image = buildImage(buildah, target, standIns)
      checkConfig(buildah, image)
      await checkRun(buildah, image)
      process.stdout.write(
        `${target}: built, started as ${userId}, answered, stopped with 0, ${sizeOf(buildah, image)}\n`,
      )
    }
  } finally {
    // First what is mounted in there.
    Bun.spawnSync(buildah.command('umount', '--all'))
    Bun.spawnSync(buildah.command('rm', '--all'))
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) await main()
