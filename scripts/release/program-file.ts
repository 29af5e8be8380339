/** What a program file says about the machine that it needs. */
export interface BinaryFacts {
  readonly format: 'ELF' | 'Mach-O' | 'PE'
  readonly cpu: 'x64' | 'arm64'
  /** Libraries that the loader has to find, the loader itself left out. */
  readonly libraries: readonly string[]
  /** What else the machine must have, for a person to read. */
  readonly needs: readonly string[]
}

/** The text that begins at `offset` and ends before the next zero byte. */
export function textAt(view: DataView, offset: number): string {
  let end = offset
  while (view.getUint8(end) !== 0) end += 1
  return new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + offset, end - offset))
}
