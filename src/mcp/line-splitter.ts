const lineFeed = 0x0a

/** One line without its end; `undefined` stands for a line over the bound, of which nothing was kept. */
export type Line = Uint8Array | undefined

/** Cuts bytes into lines in bounded memory: of a line longer than `bytesMax` only the fact remains (CVE-2026-63119). */
export class LineSplitter {
  readonly #bytesMax: number
  #pieces: Uint8Array[] = []
  #bytes = 0
  #isSkipping = false

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** The lines that end in `chunk`. */
  push(chunk: Uint8Array): readonly Line[] {
    const lines: Line[] = []
    let start = 0
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      this.#keep(chunk.subarray(start, end))
      lines.push(this.#take())
      start = end + 1
    }
    this.#keep(chunk.subarray(start))
    return lines
  }

  #keep(piece: Uint8Array): void {
    if (this.#isSkipping || piece.byteLength === 0) return
    this.#bytes += piece.byteLength
    this.#isSkipping = this.#bytes > this.#bytesMax
    if (this.#isSkipping) this.#pieces = []
    else this.#pieces.push(piece)
  }

  #take(): Line {
    const line = this.#isSkipping ? undefined : Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#bytes = 0
    this.#isSkipping = false
    return line
  }
}
