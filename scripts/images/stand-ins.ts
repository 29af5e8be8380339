import { cpSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Buildah } from './buildah.ts'

/** The file and the libraries that it is linked to, at their own paths. */
function copyWithLibraries(paths: readonly string[], into: string): void {
  for (const path of paths) {
    const linked = Bun.spawnSync(['ldd', path]).stdout.toString()
    const libraries = linked.match(/\/\S+(?= \(0x)/g) ?? []
    for (const file of [path, ...libraries]) {
      mkdirSync(join(into, dirname(file)), { recursive: true })
      cpSync(file, join(into, file), { dereference: true })
    }
  }
}

function standIn(buildah: Buildah, name: string, folder: string): string {
  const image = `localhost/stand-in-${name}`
  const dockerfile = join(folder, '..', `${name}.dockerfile`)
  writeFileSync(dockerfile, 'FROM scratch\nCOPY . /\n')
  buildah.run('bud', '--isolation', 'chroot', '--tag', image, '--file', dockerfile, folder)
  return image
}

/** Libraries at the paths where Debian has them, which is where the Dockerfile looks. */
const libc = ['libc.so.6', 'libpthread.so.0', 'libdl.so.2', 'libm.so.6']

function libraryFolder(): string {
  const found = readdirSync('/usr/lib').find((name) => name.endsWith('-linux-gnu'))
  if (found === undefined) throw new Error('This machine is no Debian: there is no /usr/lib/*-linux-gnu')
  return join('/usr/lib', found)
}

function copyLibc(into: string): void {
  for (const name of [...libc, 'ld-linux-x86-64.so.2', 'ld-linux-aarch64.so.1']) {
    const path = join(libraryFolder(), name)
    if (statSync(path, { throwIfNoEntry: false }) !== undefined)
      cpSync(path, join(into, path), { dereference: true, recursive: true })
  }
}

/** Images in place of those that the Dockerfile takes from a registry. */
export interface StandIns {
  readonly build: string
  readonly glibc: string
  readonly base: string
}

const tools = ['sh', 'cp', 'mkdir', 'mv', 'rm', 'sed', 'uname', 'dirname', 'basename', 'cat', 'env']

/** Makes them of this machine's own files: a shell and Bun to build with, Debian's libc to run on. */
export function createStandIns(buildah: Buildah, folder: string): StandIns {
  const places = { build: join(folder, 'build'), glibc: join(folder, 'glibc'), base: join(folder, 'base') }
  for (const place of Object.values(places)) layOut(place)
  const shell = tools.map((name) => Bun.which(name) ?? '').filter((path) => path !== '')
  copyWithLibraries(shell, places.build)
  copyWithLibraries([process.execPath], places.build)
  mkdirSync(join(places.build, 'usr/local/bin'), { recursive: true })
  cpSync(process.execPath, join(places.build, 'usr/local/bin/bun'), { dereference: true })
  copyWithLibraries(shell, places.glibc)
  copyLibc(places.glibc)
  copyLibc(places.base)
  linkLoader(places.base)
  return {
    build: standIn(buildah, 'build', places.build),
    glibc: standIn(buildah, 'glibc', places.glibc),
    base: standIn(buildah, 'base', places.base),
  }
}

/** The folders of a merged /usr: whatever names /bin or /lib finds what lies below /usr. */
function layOut(into: string): void {
  for (const name of ['tmp', 'etc', 'root']) mkdirSync(join(into, name), { recursive: true })
  // Says where home is, and so where Bun looks for packages it has had before.
  writeFileSync(join(into, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\n')
  for (const name of ['bin', 'lib', 'lib64']) {
    mkdirSync(join(into, 'usr', name), { recursive: true })
    symlinkSync(`usr/${name}`, join(into, name))
  }
}

/** Programs name their loader by this path. */
function linkLoader(into: string): void {
  for (const path of ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1']) {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) continue
    mkdirSync(join(into, dirname(path)), { recursive: true })
    cpSync(path, join(into, path), { dereference: true })
  }
}
