import { expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { parseToolArguments } from '../../../src/cli/tool-arguments.ts'
import { UsageError } from '../../../src/cli/usage-error.ts'
import { verifies } from '../../support/verifies.ts'

const tool = {
  name: 'slack_test',
  aliases: { ts: 'timestamp' },
  input: Type.Object({
    text: Type.String(),
    timestamp: Type.String(),
    limit: Type.Integer(),
    ratio: Type.Number(),
    flag: Type.Boolean(),
    emojis: Type.Array(Type.String()),
    counts: Type.Array(Type.Integer()),
    blocks: Type.Array(Type.Object({})),
    options: Type.Object({}),
    either: Type.Union([Type.String(), Type.Array(Type.String())]),
  }),
}
const parsed = (...words: readonly string[]) => parseToolArguments(tool, words)

verifies('cli:tools-call:arguments', 'reads each value by the schema of its key', () => {
  expect(parsed('text=1', 'limit=-3', 'ratio=0.5', 'flag=false')).toEqual({
    text: '1',
    limit: -3,
    ratio: 0.5,
    flag: false,
  })
  expect(parsed('emojis=tada, eyes', 'counts=1,2')).toEqual({ emojis: ['tada', 'eyes'], counts: [1, 2] })
  expect(parsed('emojis=["a,b"]', 'blocks=[{"type":"divider"}]', 'options={"a":[1]}')).toEqual({
    emojis: ['a,b'],
    blocks: [{ type: 'divider' }],
    options: { a: [1] },
  })
})

test('keeps what follows the first equals sign, and the empty text', () => {
  expect(parsed('text=a=b', 'ts=')).toEqual({ text: 'a=b', ts: '' })
  expect(parsed('emojis=')).toEqual({ emojis: [] })
})

test('leaves what does not fit to the check that all callers go through', () => {
  expect(parsed('limit=2x', 'flag=yes', 'options={', 'emojis=[a')).toEqual({
    limit: '2x',
    flag: 'yes',
    options: '{',
    emojis: ['[a'],
  })
  // More digits than a double holds would become another number.
  expect(parsed('limit=1234567890123456')).toEqual({ limit: '1234567890123456' })
})

test('takes a list also piece by piece, and either kind where both are possible', () => {
  expect(parsed('emojis=a', 'emojis=b,c')).toEqual({ emojis: ['a', 'b', 'c'] })
  expect(parsed('either=x,y')).toEqual({ either: ['x', 'y'] })
})

test('refuses what is no argument of the tool', () => {
  const refusals = [
    [['channel'], 'arguments are written key=value, as in channel=#general'],
    [['=x'], 'arguments are written key=value, as in channel=#general'],
    [['text=a', 'text=b'], 'text is given twice'],
    [['txt=a'], 'slack_test takes no txt; did you mean text?'],
    [
      ['__proto__=a'],
      `slack_test takes no __proto__; arguments: ${Object.keys(tool.input.properties).join(', ')}`,
    ],
  ] as const
  for (const [words, message] of refusals) expect(() => parsed(...words)).toThrow(new UsageError(message))
})
