/** What a key press made of the line. `echo` is what the terminal should show for it. */
export type Typed =
  | { readonly kind: 'open'; readonly echo: string }
  | { readonly kind: 'done'; readonly line: string; readonly echo: string }
  | { readonly kind: 'ended' }
  | { readonly kind: 'interrupted' }

/** A line longer than this is no answer to a question. */
const charactersMax = 8192

const enter: readonly string[] = ['\r', '\n']
const erase: readonly string[] = ['\u007f', '\b']
const eraseEcho = '\b \b'
const ctrlC = '\u0003'
const ctrlD = '\u0004'
const ctrlU = '\u0015'

/** One line as it is typed on a terminal in raw mode: what is pasted comes in one piece, what is erased goes, the first Enter ends it. */
export class LineEditor {
  readonly #characters: string[] = []
  /** Within the keys that begin with Escape: arrows and the like, and the marks around what is pasted. */
  #isEscaped = false

  push(text: string): Typed {
    let echo = ''
    for (const character of text) {
      if (enter.includes(character)) return { kind: 'done', line: this.#characters.join(''), echo }
      if (character === ctrlC) return { kind: 'interrupted' }
      if (character === ctrlD && this.#characters.length === 0) return { kind: 'ended' }
      echo += this.#take(character)
    }
    return { kind: 'open', echo }
  }

  #take(character: string): string {
    if (this.#isEscaped) {
      // `[` begins the sequence, a letter or `~` ends it.
      this.#isEscaped = character === '[' || !/[A-Za-z~]/.test(character)
      return ''
    }
    if (character === '\u001b') {
      this.#isEscaped = true
      return ''
    }
    if (erase.includes(character)) return this.#characters.pop() === undefined ? '' : eraseEcho
    if (character === ctrlU) return eraseEcho.repeat(this.#characters.splice(0).length)
    if (character < ' ' || this.#characters.length >= charactersMax) return ''
    this.#characters.push(character)
    return character
  }
}
