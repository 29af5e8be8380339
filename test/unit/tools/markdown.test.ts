import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { renderAsMrkdwn, splitMarkdown } from '../../../src/tools/markdown.ts'

test.each([
  ['bold', 'a **b** c', 'a *b* c'],
  ['italics', 'a *b* _c_', 'a _b_ _c_'],
  ['strikes', '~~a~~', '~a~'],
  ['headings', '# One\n\n### Two', '*One*\n*Two*'],
  ['bold inside a heading once', '# One **two**', '*One two*'],
  ['links', '[docs](https://a.example/?x=1&y=2)', '<https://a.example/?x=1&amp;y=2|docs>'],
  ['bare links', 'see https://a.example now', 'see <https://a.example> now'],
  ['links nobody can follow as text', '[x](javascript:alert)', 'x (javascript:alert)'],
  ['a bar in a label', '[a|b](https://a.example)', '<https://a.example|a¦b>'],
  ['images as links', '![chart](https://a.example/c.png)', '<https://a.example/c.png|chart>'],
  ['inline code', 'run `a < b`', 'run `a &lt; b`'],
  ['code blocks', '```js\nif (a < b) {}\n```', '```\nif (a &lt; b) {}\n```'],
  ['lists', '- one\n- two\n  - three', '• one\n• two\n    • three'],
  ['numbered lists from their start', '3. three\n4. four', '3. three\n4. four'],
  ['tasks', '- [x] done\n- [ ] open', '• ☑ done\n• ☐ open'],
  ['quotes', '> said\n> so', '> said\n> so'],
  ['rules', 'a\n\n---\n\nb', 'a\n———\nb'],
  ['tables as aligned code', '| a | bb |\n|---|---|\n| 1 | 2 |', '```\na | bb\n--+---\n1 | 2\n```'],
  ['tables with links and code', '| a |\n|---|\n| [x](https://a.example) `y` |', '```\na\n---\nx y\n```'],
  ['entities', 'a &amp; b &lt; c &#33;', 'a &amp; b &lt; c !'],
  ['signs', 'a < b & c', 'a &lt; b &amp; c'],
  ['mentions of one person', 'hi <@U1AA>', 'hi <@U1AA>'],
  ['commands as text', 'hi <!channel>', 'hi &lt;!channel&gt;'],
  ['html as text', '<b>x</b>', '&lt;b&gt;x&lt;/b&gt;'],
  ['escapes', '\\*not italics\\*', '*not italics*'],
])('renders %s', (_, markdown, expected) => {
  expect(renderAsMrkdwn(markdown)).toBe(expected)
})

test('renders whatever comes, and nothing in it becomes a command', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom(
          '<',
          '>',
          '!',
          '|',
          '[',
          ']',
          '(',
          ')',
          '*',
          '`',
          '#',
          '\n',
          'a',
          '@',
          '-',
          ' ',
          'channel',
        ),
      }),
      (markdown) => !/<![a-z]/.test(renderAsMrkdwn(markdown)),
    ),
    { numRuns: 500 },
  )
})

test('splitting loses no character but blank lines between the pieces', () => {
  const markdown = Array.from({ length: 50 }, (_, index) => `## Part ${index}\n\nText **${index}**.`).join(
    '\n\n',
  )
  const pieces = splitMarkdown(markdown, 300)
  expect(pieces.every((piece) => piece.length <= 300)).toBe(true)
  expect(pieces.join('\n\n')).toBe(markdown)
})
