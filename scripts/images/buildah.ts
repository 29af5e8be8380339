import { join } from 'node:path'

/** Where Dockerfiles and contexts are named from. */
const projectRoot = join(import.meta.dir, '..', '..')

/** One folder for buildah's images and containers, so that nothing of the machine's own is touched. STORAGE_DRIVER=vfs where there is no overlay; slow. */
export class Buildah {
  readonly #storage: readonly string[]

  constructor(folder: string) {
    this.#storage = [
      '--root',
      join(folder, 'images'),
      '--runroot',
      join(folder, 'run'),
      '--storage-driver',
      process.env['STORAGE_DRIVER'] ?? 'overlay',
    ]
  }

  command(...args: readonly string[]): string[] {
    return ['buildah', ...this.#storage, ...args]
  }

  /** What it says on stdout. Throws with what it says on stderr. */
  run(...args: readonly string[]): string {
    const { exitCode, stdout, stderr } = Bun.spawnSync(this.command(...args), { cwd: projectRoot })
    if (exitCode !== 0)
      throw new Error(`buildah ${args.join(' ')} ended with ${exitCode}:\n${stdout}${stderr}`)
    return stdout.toString().trim()
  }
}
