import { expect, test } from 'bun:test'
import { createBearerLookup, readBearer } from '../../../src/base/bearer.ts'
import { Secret } from '../../../src/base/secret.ts'

test.each([
  [null, 'missing'],
  ['', 'malformed_header'],
  ['Bearer', 'malformed_header'],
  ['Bearer ', 'malformed_header'],
  ['Basic abc', 'malformed_header'],
  ['Bearer a b', 'malformed_header'],
  ['Bearer a, Bearer b', 'malformed_header'],
  ['Bearer ä', 'malformed_header'],
  ['Bearer =a', 'malformed_header'],
  ['Bearer aZ09._~+/-==', { token: 'aZ09._~+/-==' }],
  ['bEARER   abc', { token: 'abc' }],
] as const)('the header %j bears %j', (header, claim) => {
  expect(readBearer(header)).toEqual(claim)
})

test('a token leads to who bears it, and no other text does', () => {
  const bearerOf = createBearerLookup([
    [new Secret('first'), 'alice'],
    [new Secret('second'), 'bob'],
  ])
  expect(['first', 'second', 'firs', 'firstt', 'First', ''].map(bearerOf)).toEqual([
    'alice',
    'bob',
    ...Array(4).fill(undefined),
  ])
})
