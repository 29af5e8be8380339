import { describe, expect, test } from 'bun:test'
import { LineSplitter } from '../../../src/mcp/line-splitter.ts'

/** The lines of chunks, as text; null for one that was too long. */
function linesOf(bytesMax: number, chunks: readonly string[]): readonly (string | null)[] {
  const splitter = new LineSplitter(bytesMax)
  const encoder = new TextEncoder()
  return chunks
    .flatMap((chunk) => splitter.push(encoder.encode(chunk)))
    .map((line) => (line === undefined ? null : new TextDecoder().decode(line)))
}

describe('cuts', () => {
  const rows: readonly (readonly [
    what: string,
    chunks: readonly string[],
    lines: readonly (string | null)[],
  ])[] = [
    ['one line', ['a\n'], ['a']],
    ['two lines in one chunk', ['a\nb\n'], ['a', 'b']],
    ['one line in three chunks', ['a', 'b', 'c\n'], ['abc']],
    ['a chunk that ends in the middle', ['a\nb', 'c\nd'], ['a', 'bc']],
    ['empty lines', ['\n\n'], ['', '']],
    ['nothing yet', ['abc'], []],
    ['a line as long as may be', ['12345678\n'], ['12345678']],
    ['a line one byte too long', ['123456789\n'], [null]],
    ['a long line in pieces, and the next', ['12345', '67890', '1\nok\n'], [null, 'ok']],
    ['bytes, not characters', ['éééé\n', 'ééééa\n'], ['éééé', null]],
  ]
  for (const [what, chunks, lines] of rows)
    test(what, () => {
      expect(linesOf(8, chunks)).toEqual(lines)
    })
})
