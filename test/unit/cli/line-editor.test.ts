import { describe, expect, test } from 'bun:test'
import { LineEditor } from '../../../src/cli/line-editor.ts'
import { createKeyboard, type RawInput } from '../../../src/cli/terminal-keyboard.ts'
import { verifies } from '../../support/verifies.ts'

const typed = (...pieces: readonly string[]) => {
  const editor = new LineEditor()
  return pieces.map((piece) => editor.push(piece))
}

describe('a line that is typed', () => {
  test('ends with Enter, in one piece or in many', () => {
    expect(typed('ab', 'c\r')).toEqual([
      { kind: 'open', echo: 'ab' },
      { kind: 'done', line: 'abc', echo: 'c' },
    ])
    expect(typed('pasted\nmore')).toEqual([{ kind: 'done', line: 'pasted', echo: 'pasted' }])
  })

  test('can be erased by character and whole', () => {
    expect(typed('ab\u007fc\r').at(-1)).toMatchObject({ kind: 'done', line: 'ac' })
    expect(typed('\u007fa\r').at(-1)).toMatchObject({ kind: 'done', line: 'a' })
    expect(typed('é🎉', '\b')).toEqual([
      { kind: 'open', echo: 'é🎉' },
      { kind: 'open', echo: '\b \b' },
    ])
    expect(typed('ab', '\u0015')[1]).toEqual({ kind: 'open', echo: '\b \b\b \b' })
  })

  test('holds nothing of arrows, pasting marks and other keys that are no text', () => {
    expect(typed('\u001b[200~xoxb-1\u001b[201~\u001b[A\u001b[3~\t\u0001\r').at(-1)).toMatchObject({
      kind: 'done',
      line: 'xoxb-1',
    })
  })

  test('is given up by Ctrl-C, and by Ctrl-D where it is empty', () => {
    expect(typed('a\u0003')).toEqual([{ kind: 'interrupted' }])
    expect(typed('\u0004')).toEqual([{ kind: 'ended' }])
    expect(typed('a\u0004b\r').at(-1)).toMatchObject({ kind: 'done', line: 'ab' })
  })

  test('has an end', () => {
    const [open, done] = typed('x'.repeat(8193), '\r')
    expect(open).toEqual({ kind: 'open', echo: 'x'.repeat(8192) })
    expect(done).toMatchObject({ kind: 'done', line: 'x'.repeat(8192) })
  })
})

/** A terminal of the test's making: what was switched, shown and told. */
function terminal() {
  const seen: string[] = []
  const listeners = new Set<(text: string | undefined) => void>()
  const signals = new Set<() => void>()
  const input: RawInput = {
    setRaw: (isRaw) => seen.push(isRaw ? 'raw' : 'cooked'),
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    interrupt() {
      seen.push('interrupt')
      end()
    },
  }
  const output = { write: (text: string) => void seen.push(text), isTerminal: true, columns: 80 }
  const keyboard = createKeyboard(input, output, (listener) => {
    const tell = () => listener('SIGTERM')
    signals.add(tell)
    return () => signals.delete(tell)
  })
  const type = (text: string | undefined) => {
    for (const listener of [...listeners]) listener(text)
  }
  const end = () => {
    for (const tell of [...signals]) tell()
  }
  const read = (isHidden: boolean, signal = new AbortController().signal) =>
    keyboard.readLine({ question: '? ', isHidden, signal })
  return { seen, type, end, read, openCount: () => listeners.size + signals.size }
}

describe('the keyboard', () => {
  verifies(
    'cli:keyboard:hidden',
    'shows nothing of a hidden line, and puts the terminal back after it',
    async () => {
      const { seen, type, read, openCount } = terminal()
      const hidden = read(true)
      type('xoxb-')
      type('1\r')
      expect(await hidden).toBe('xoxb-1')
      expect(seen).toEqual(['raw', '? ', 'cooked', '\n'])
      expect(openCount()).toBe(0)
      const shown = read(false)
      type('y')
      type('\r')
      expect(await shown).toBe('y')
      expect(seen.slice(4)).toEqual(['raw', '? ', 'y', 'cooked', '\n'])
    },
  )

  test('puts the terminal back whatever ends the line', async () => {
    const aborted = new AbortController()
    const ways = [
      ({ type }: ReturnType<typeof terminal>) => type('\u0003'),
      ({ type }: ReturnType<typeof terminal>) => type('\u0004'),
      ({ type }: ReturnType<typeof terminal>) => type(undefined),
      ({ end }: ReturnType<typeof terminal>) => end(),
      () => aborted.abort(),
    ]
    for (const way of ways) {
      const made = terminal()
      const line = made.read(true, aborted.signal)
      way(made)
      expect(await line).toBeUndefined()
      expect(made.seen.filter((step) => step !== 'interrupt').slice(0, 3)).toEqual(['raw', '? ', 'cooked'])
      expect(made.openCount()).toBe(0)
    }
    const late = terminal()
    expect(await late.read(true, aborted.signal)).toBeUndefined()
    expect(late.seen).toEqual(['raw', '? ', 'cooked', '\n'])
  })

  test('tells the process of Ctrl-C, and gives the line up when the process hears it', async () => {
    const { seen, type, read } = terminal()
    const line = read(false)
    type('\u0003')
    await line
    expect(seen).toEqual(['raw', '? ', 'interrupt', 'cooked', '\n'])
  })
})
