import { describe, expect, test } from 'bun:test'
import { asOneLine, nearest, neutralise, truncate } from '../../../src/base/text.ts'

describe('neutralise', () => {
  for (const [name, character, shown] of [
    ['a null', '\u0000', '\\u{0}'],
    ['an escape', '\u001b', '\\u{1b}'],
    ['a carriage return', '\r', '\\u{d}'],
    ['delete', '\u007f', '\\u{7f}'],
    ['a C1 control', '\u009b', '\\u{9b}'],
    ['a zero-width space', '\u200b', '\\u{200b}'],
    ['a right-to-left override', '\u202e', '\\u{202e}'],
    ['an isolate', '\u2066', '\\u{2066}'],
    ['a byte order mark', '\ufeff', '\\u{feff}'],
    ['a tag character', '\u{e0041}', '\\u{e0041}'],
  ] as const) {
    test(`shows ${name} as an escape`, () => expect(neutralise(`a${character}b`)).toBe(`a${shown}b`))
  }

  test('keeps tabs, line feeds, accents, emoji and their joiners', () => {
    const text = 'tab\tline\n héllo 👩‍👩‍👧 नमस्ते'
    expect(neutralise(text)).toBe(text)
  })
})

test('asOneLine shows every kind of line break', () => {
  expect(asOneLine('a\nb\r\nc\rd\u2028e\u2029f\u0085g')).toBe('a⏎b⏎c⏎d⏎e⏎f⏎g')
})

describe('truncate', () => {
  test('keeps what fits and marks what is cut', () => {
    expect(truncate('abc', 3)).toBe('abc')
    expect(truncate('abcd', 3)).toBe('ab…')
  })

  test('splits no surrogate pair', () => {
    expect(truncate('a😀b', 3)).toBe('a…')
    expect(truncate('a😀bc', 4)).toBe('a😀…')
  })
})

describe('nearest', () => {
  test('finds the slip of a key and nothing far away', () => {
    expect(nearest('--prot', ['--port', '--host'])).toBe('--port')
    expect(nearest('PORT', ['port'])).toBe('port')
    expect(nearest('--zebra', ['--port', '--host'])).toBeUndefined()
    expect(nearest('x', [])).toBeUndefined()
  })
})
