/** A source file with everything that is not code taken out, so that a rule about code is not tripped by a string or a comment. */
export interface SourceText {
  /** The file with comments, regular expressions and the insides of strings blanked; every character keeps its place and line. */
  readonly code: string
  readonly comments: readonly SourceComment[]
  /** What is imported or re-exported, types included. */
  readonly imports: readonly SourceImport[]
}

export interface SourceComment {
  readonly line: number
  readonly text: string
}

export interface SourceImport {
  readonly line: number
  /** Undefined where it is computed. */
  readonly specifier: string | undefined
  /** What stands between `import` and `from`: the names. Empty for imports without. */
  readonly clause: string
  readonly isReExport: boolean
}

/**
 * Reads TypeScript as text: Bun's own scanner drops type-only imports, and TypeScript 7 has no API to parse with. It knows comments, strings,
 * templates with their expressions, and regular expressions by what stands before them.
 */
export function readSource(text: string): SourceText {
  const { code, comments } = new Blanker(text).run()
  return { code, comments, imports: findImports(text, code) }
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

class Blanker {
  readonly #text: string
  readonly #code: string[]
  readonly #comments: SourceComment[] = []
  /** One entry for each template whose expression we are in: how deep its braces nest. */
  readonly #templates: number[] = []
  #index = 0

  constructor(text: string) {
    this.#text = text
    this.#code = text.split('')
  }

  run(): Pick<SourceText, 'code' | 'comments'> {
    while (this.#index < this.#text.length) this.#step(this.#text[this.#index] ?? '')
    return { code: this.#code.join(''), comments: this.#comments }
  }

  #step(character: string): void {
    if (character === '/') this.#slash()
    else if (character === "'" || character === '"') this.#quoted(character)
    else if (character === '`') this.#template()
    else if (character === '{') this.#brace(1)
    else if (character === '}' && this.#templates.at(-1) === 0) {
      this.#templates.pop()
      this.#template()
    } else if (character === '}') this.#brace(-1)
    else this.#index++
  }

  #brace(by: number): void {
    const last = this.#templates.length - 1
    const depth = this.#templates[last]
    if (depth !== undefined) this.#templates[last] = depth + by
    this.#index++
  }

  #slash(): void {
    const text = this.#text
    const next = text[this.#index + 1]
    if (next === '/') this.#comment(text.indexOf('\n', this.#index))
    else if (next === '*') this.#comment(text.indexOf('*/', this.#index + 2) + 2)
    else if (this.#isRegexStart()) this.#regex()
    else this.#index++
  }

  #comment(end: number): void {
    const to = end <= this.#index ? this.#text.length : end
    this.#comments.push({
      line: lineAt(this.#text, this.#index),
      text: this.#text.slice(this.#index, to),
    })
    this.#erase(this.#index, to)
    this.#index = to
  }

  #quoted(quote: string): void {
    let end = this.#index + 1
    while (end < this.#text.length && this.#text[end] !== quote && this.#text[end] !== '\n') {
      end += this.#text[end] === '\\' ? 2 : 1
    }
    this.#erase(this.#index + 1, end)
    this.#index = end + 1
  }

  /** From a backtick, or from the brace that ended an expression, to the next expression or the end of the template. */
  #template(): void {
    const text = this.#text
    let end = this.#index + 1
    while (end < text.length && text[end] !== '`') {
      if (text[end] === '$' && text[end + 1] === '{') {
        this.#templates.push(0)
        this.#erase(this.#index + 1, end)
        this.#index = end + 2
        return
      }
      end += text[end] === '\\' ? 2 : 1
    }
    this.#erase(this.#index + 1, end)
    this.#index = end + 1
  }

  #regex(): void {
    let end = this.#index + 1
    let isInClass = false
    while (end < this.#text.length && this.#text[end] !== '\n' && (isInClass || this.#text[end] !== '/')) {
      if (this.#text[end] === '[') isInClass = true
      if (this.#text[end] === ']') isInClass = false
      end += this.#text[end] === '\\' ? 2 : 1
    }
    this.#erase(this.#index + 1, end)
    this.#index = end + 1
  }

  /** A slash divides only after a value: an identifier, a number, a closing bracket or a string. */
  #isRegexStart(): boolean {
    let last = this.#index - 1
    while (last >= 0 && /\s/.test(this.#code[last] ?? '')) last--
    const before = this.#code.slice(Math.max(0, last - 10), last + 1).join('')
    const word = /[\w$]+$/.exec(before)?.[0]
    if (word !== undefined)
      return /^(return|typeof|case|in|of|do|else|void|delete|throw|await|yield)$/.test(word)
    return !/[)\]}'"`]$/.test(before)
  }

  #erase(from: number, to: number): void {
    for (let at = from; at < Math.min(to, this.#code.length); at++) {
      if (this.#code[at] !== '\n') this.#code[at] = ' '
    }
  }
}

const importPattern =
  /(?<![.\w$])(?:(import|export)\b((?:\s+type\b)?[\w\s{},*$]*?)\bfrom\s*(['"])|import\s*(['"])|import\s*\(\s*(['"]?)|require\s*\(\s*(['"]))/g

function findImports(text: string, code: string): readonly SourceImport[] {
  return [...code.matchAll(importPattern)].map((match) => {
    const quote = match[3] ?? match[4] ?? match[5] ?? match[6] ?? ''
    const start = match.index + match[0].length
    return {
      line: lineAt(text, match.index),
      specifier: quote === '' ? undefined : text.slice(start, text.indexOf(quote, start)),
      clause: match[2] ?? '',
      isReExport: match[1] === 'export',
    }
  })
}
