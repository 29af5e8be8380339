import { expect, test } from 'bun:test'
import { renderToolResult } from '../../../src/cli/tool-result-text.ts'

test('text that would steer a terminal is shown as text, whichever block it is in', () => {
  const content = [
    { type: 'text', text: 'a\u001b]0;title\u0007b\nc\td' },
    { type: 'image', data: 'AAAA', mimeType: 'image/\u001bpng' },
    { type: 'resource', resource: { uri: 'slack://x' } },
  ]
  expect(renderToolResult({ content })).toBe(
    'a\\u{1b}]0;title\\u{7}b\nc\td\n[image, image/\\u{1b}png; --json has it]\n[resource; --json has it]\n',
  )
})

test('nothing is nothing', () => {
  expect(renderToolResult({})).toBe('')
  expect(renderToolResult({ content: [] })).toBe('')
})
