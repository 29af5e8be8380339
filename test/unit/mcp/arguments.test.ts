import { describe, expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { AppError, type ErrorDetails } from '../../../src/base/errors.ts'
import { type CheckedTool, createArgumentCheck } from '../../../src/mcp/arguments.ts'

const tool: CheckedTool = {
  input: Type.Object(
    {
      channel: Type.String({ minLength: 2, maxLength: 12, description: 'Where' }),
      limit: Type.Integer({ default: 100, minimum: 1, maximum: 1000 }),
      kind: Type.Optional(Type.Union([Type.Literal('a'), Type.Literal('b')])),
      format: Type.Optional(Type.String({ pattern: '^(short|long)$' })),
      tags: Type.Optional(Type.Array(Type.String(), { maxItems: 2 })),
    },
    { additionalProperties: false },
  ),
  aliases: { room: 'channel' },
  examples: { channel: '#general' },
}

const check = createArgumentCheck()

function refusal(given: unknown): ErrorDetails {
  try {
    check(tool, given)
  } catch (error) {
    if (error instanceof AppError && error.code === 'TOOL_ARGUMENTS_INVALID') return error.details
  }
  return expect.unreachable()
}

describe('accepted', () => {
  const rows: readonly (readonly [what: string, given: unknown, args: object])[] = [
    ['flat arguments, with defaults', { channel: 'C1' }, { channel: 'C1', limit: 100 }],
    ['a value instead of the default', { channel: 'C1', limit: 5 }, { channel: 'C1', limit: 5 }],
    ["upstream's wrapper", { input_params: { channel: 'C1' } }, { channel: 'C1', limit: 100 }],
    ['an alias', { room: 'C1' }, { channel: 'C1', limit: 100 }],
    ['an alias inside the wrapper', { input_params: { room: 'C1' } }, { channel: 'C1', limit: 100 }],
    ['the shortest text', { channel: 'C1' }, { channel: 'C1', limit: 100 }],
    ['the longest text', { channel: 'C12345678901' }, { channel: 'C12345678901', limit: 100 }],
    [
      'one text where a list of texts is meant',
      { channel: 'C1', tags: 'x' },
      { channel: 'C1', limit: 100, tags: ['x'] },
    ],
    ['the smallest number', { channel: 'C1', limit: 1 }, { channel: 'C1', limit: 1 }],
    ['the largest number', { channel: 'C1', limit: 1000 }, { channel: 'C1', limit: 1000 }],
  ]
  for (const [what, given, args] of rows)
    test(what, () => {
      expect(check(tool, given)).toEqual(args)
    })

  test('no arguments, where none is needed', () => {
    expect(check({ input: Type.Object({}) }, undefined)).toEqual({})
  })

  test('a wrapper of that name, where the tool has a field of that name', () => {
    const own = { input: Type.Object({ input_params: Type.Object({ a: Type.Number() }) }) }
    expect(check(own, { input_params: { a: 1 } })).toEqual({ input_params: { a: 1 } })
  })
})

describe('refused, saying', () => {
  const example = '{"channel":"#general","limit":100}'
  /** What is wrong stands in the example, also where it could be left out. */
  const withField = (field: string) => `${example.slice(0, -1)},${field}}`
  const rows: readonly (readonly [what: string, given: unknown, details: ErrorDetails])[] = [
    [
      'what is missing',
      undefined,
      {
        field: 'channel',
        given: 'nothing',
        accepted: 'string, characters at least 2, characters at most 12: Where',
        example,
      },
    ],
    [
      'which field is not known, and which was meant',
      { channel: 'C1', limt: 5 },
      {
        field: 'limt',
        given: 'a field that the tool does not take',
        accepted: 'channel, limit, kind, format, tags',
        did_you_mean: 'limit',
        example,
      },
    ],
    [
      'which was misspelt, before that it is missing under its right name',
      { chanel: 'C1' },
      {
        field: 'chanel',
        given: 'a field that the tool does not take',
        accepted: 'channel, limit, kind, format, tags',
        did_you_mean: 'channel',
        example,
      },
    ],
    [
      'the bounds of a number just below them',
      { channel: 'C1', limit: 0 },
      { field: 'limit', given: '0', accepted: 'integer, at least 1, at most 1000', example },
    ],
    [
      'the bounds of a number just above them',
      { channel: 'C1', limit: 1001 },
      { field: 'limit', given: '1001', accepted: 'integer, at least 1, at most 1000', example },
    ],
    [
      'the choices',
      { channel: 'C1', kind: 'c' },
      { field: 'kind', given: '"c"', accepted: '"a" or "b"', example: withField('"kind":"a"') },
    ],
    [
      'the choices where a pattern is made of them',
      { channel: 'C1', format: 'huge' },
      {
        field: 'format',
        given: '"huge"',
        accepted: '"short" or "long"',
        example: withField('"format":"short"'),
      },
    ],
    [
      'which item of a list',
      { channel: 'C1', tags: ['x', 5] },
      { field: 'tags.1', given: '5', accepted: 'string', example: withField('"tags":["text"]') },
    ],
    [
      'how many items',
      { channel: 'C1', tags: ['x', 'y', 'z'] },
      {
        field: 'tags',
        given: 'a list of 3',
        accepted: 'array, items at most 2',
        example: withField('"tags":["text"]'),
      },
    ],
    [
      'that a list is no object',
      [],
      { field: '(arguments)', given: 'a list of 0', accepted: 'object', example },
    ],
    ['that null is no object', null, { field: '(arguments)', given: 'null', accepted: 'object', example }],
  ]
  for (const [what, given, details] of rows)
    test(what, () => {
      expect(refusal(given)).toEqual(details)
    })

  test('only the length of long text, which may be a message', () => {
    const details = refusal({ channel: 'a secret plan that nobody else should read' })
    expect(details['given']).toBe('text of 42 characters')
  })

  test('an alias together with its argument', () => {
    expect(refusal({ channel: 'C1', room: 'C2' })).toMatchObject({ field: 'room' })
  })

  test('a wrapper with something beside it', () => {
    expect(refusal({ input_params: { channel: 'C1' }, limit: 5 })).toMatchObject({ field: 'input_params' })
  })
})

test('a key named __proto__ changes no prototype and is refused as unknown', () => {
  const given = JSON.parse('{"channel":"C1","__proto__":{"polluted":true}}')
  expect(refusal(given)).toMatchObject({ field: '__proto__' })
  expect('polluted' in {}).toBe(false)
})
