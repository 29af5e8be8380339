/** Reads a body line by line, without the empty ones. */
export class LineReader {
  readonly #chunks: AsyncIterator<Uint8Array> | undefined
  readonly #decoder = new TextDecoder()
  #text = ''

  constructor(body: ReadableStream<Uint8Array> | null) {
    this.#chunks = body?.[Symbol.asyncIterator]()
  }

  /** The next line, or undefined at the end. */
  async next(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n')
      if (end === -1) {
        if (!(await this.#readMore())) return undefined
        continue
      }
      const line = this.#text.slice(0, end)
      this.#text = this.#text.slice(end + 1)
      if (line !== '') return line
    }
  }

  async leave(): Promise<void> {
    await this.#chunks?.return?.()
  }

  async #readMore(): Promise<boolean> {
    const read = await this.#chunks?.next()
    if (read === undefined || read.done === true) return false
    this.#text += this.#decoder.decode(read.value, { stream: true })
    return true
  }
}
