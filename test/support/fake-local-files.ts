import type { FileFacts, LocalFiles } from '../../src/cli/cli-context.ts'
import type { FakeFiles } from './load-config.ts'

/** Files in memory: those that `readFile` of the test sees, with modes, and what a command wrote over them. */
export class FakeLocalFiles implements LocalFiles {
  readonly written = new Map<string, { readonly text: string; readonly mode: number }>()
  readonly #given: FakeFiles
  readonly #facts: Readonly<Record<string, FileFacts>>
  /** Every write fails with this code. */
  failsWith: string | undefined
  /** Nothing may be written, with this code. */
  isClosedWith: string | undefined

  constructor(given: FakeFiles = {}, facts: Readonly<Record<string, FileFacts>> = {}) {
    this.#given = given
    this.#facts = facts
  }

  /** All files as they are now. */
  get files(): FakeFiles {
    return {
      ...this.#given,
      ...Object.fromEntries([...this.written].map(([path, { text }]) => [path, text])),
    }
  }

  facts(path: string): FileFacts | undefined {
    const written = this.written.get(path)
    if (written !== undefined) return { kind: 'file', mode: written.mode, isWritable: true }
    if (Object.hasOwn(this.#facts, path)) return this.#facts[path]
    return Object.hasOwn(this.#given, path) ? { kind: 'file', mode: 0o600, isWritable: true } : undefined
  }

  replace(path: string, text: string, mode: number): void {
    this.checkReplaceable(path)
    throwWith(this.failsWith)
    this.written.set(path, { text, mode })
  }

  checkReplaceable(_path: string): void {
    throwWith(this.isClosedWith)
  }

  copy(from: string, to: string): void {
    const text = this.files[from]
    this.replace(to, typeof text === 'string' ? text : '', this.facts(from)?.mode ?? 0)
  }

  makeScratch(folder: string): string {
    return `${folder}/.check-1`
  }

  removeScratch(): void {}
}

function throwWith(code: string | undefined): void {
  if (code !== undefined) throw Object.assign(new Error(code), { code })
}
