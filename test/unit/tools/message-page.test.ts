import { expect, test } from 'bun:test'
import { renderLabel } from '../../../src/tools/message-page.ts'
import { verifies } from '../../support/verifies.ts'

verifies('tools:lines', 'a name that could be read as more than a name stands in quotes', () => {
  const labels = ['a b', 'a:', 'x [bot]', '"', 'line\nline'].map((name) => renderLabel({ id: 'C1AA', name }))
  expect(labels).toEqual([
    '#"a b" (C1AA)',
    '#"a:" (C1AA)',
    '#"x [bot]" (C1AA)',
    '#"\\"" (C1AA)',
    '#"line\\nline" (C1AA)',
  ])
})

test('an ordinary name stands as it is, with the sign of its kind', () => {
  expect(renderLabel({ id: 'C1AA', name: 'café-1' })).toBe('#café-1 (C1AA)')
  expect(renderLabel({ id: 'D1AA', name: 'ada' })).toBe('@ada (D1AA)')
  expect(renderLabel({ id: 'C1AA' })).toBe('C1AA')
})
