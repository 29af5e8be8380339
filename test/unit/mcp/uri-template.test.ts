import { describe, expect, test } from 'bun:test'
import { createUriMatcher } from '../../../src/mcp/uri-template.ts'

const thread = 'slack://channels/{channel}/threads/{ts}'

describe('matches', () => {
  const rows: readonly (readonly [template: string, uri: string, variables: object | undefined])[] = [
    ['slack://emojis', 'slack://emojis', {}],
    ['slack://emojis', 'slack://emojis/', undefined],
    ['slack://users/{user}', 'slack://users/U1', { user: 'U1' }],
    ['slack://users/{user}', 'slack://users/', undefined],
    ['slack://users/{user}', 'slack://users/U1/x', undefined],
    ['slack://users/{user}', 'slack://users/U1?x', undefined],
    ['slack://users/{user}', 'slack://users/U1#x', undefined],
    ['slack://users/{user}', 'slack://user/U1', undefined],
    ['slack://users/{user}', 'slack://users/%23general', { user: '#general' }],
    ['slack://users/{user}', 'slack://users/a%2Fb', { user: 'a/b' }],
    ['slack://users/{user}', 'slack://users/%zz', undefined],
    [thread, 'slack://channels/C1/threads/1.2', { channel: 'C1', ts: '1.2' }],
    [thread, 'slack://channels/C1/threads/', undefined],
    [thread, 'slack://channels//threads/1.2', undefined],
    [thread, 'slack://channels/C1/files/1.2', undefined],
    ['test://{a}-{b}.txt', 'test://x-y.txt', { a: 'x', b: 'y' }],
    ['test://{a}-{b}.txt', 'test://x-y.txt.txt', undefined],
  ]
  for (const [template, uri, variables] of rows)
    test(`${uri} against ${template}`, () => {
      const match = createUriMatcher(template)(uri)
      expect(match === undefined ? undefined : { ...match }).toEqual(variables as never)
    })
})

test('a variable named __proto__ is only a variable', () => {
  const match = createUriMatcher('x://{__proto__}')('x://evil')
  expect(Object.entries(match ?? {})).toEqual([['__proto__', 'evil']])
  expect('evil' in {}).toBe(false)
})

for (const template of ['x://{a}{b}', 'x://{a', 'x://{}', 'x://{a b}', 'x://{+a}', 'x://{a}}'])
  test(`refuses the template ${template}`, () => {
    expect(() => createUriMatcher(template)).toThrow(TypeError)
  })

describe('a URI', () => {
  const match = createUriMatcher('x://{a}')
  test('of 2,048 characters matches', () => {
    expect(match(`x://${'a'.repeat(2044)}`)).toBeDefined()
  })
  test('of 2,049 characters does not', () => {
    expect(match(`x://${'a'.repeat(2045)}`)).toBeUndefined()
  })
})
