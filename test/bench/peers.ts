import { cp } from 'node:fs/promises'
import { join } from 'node:path'

/** The programs that the server is compared with, from a lock file of their own: nothing of them is a dependency of the product. */

const source = join(import.meta.dir, 'peers')
/** Not in the source tree, where whatever reads all sources would read theirs. */
const folder = join(import.meta.dir, '..', '..', '.cache', 'bench-peers')
let installed: Promise<void> | undefined

export function peerPath(...path: readonly string[]): string {
  return join(folder, ...path)
}

/** Makes the folder of the peers what their lock file says; the first call does it. */
export function installPeers(): Promise<void> {
  installed ??= install()
  return installed
}

async function install(): Promise<void> {
  await cp(source, folder, { recursive: true })
  const child = Bun.spawn([process.execPath, 'install', '--frozen-lockfile', '--no-summary'], {
    cwd: folder,
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const said = await new Response(child.stderr).text()
  if ((await child.exited) !== 0) throw new Error(`The peers could not be installed:\n${said}`)
}
