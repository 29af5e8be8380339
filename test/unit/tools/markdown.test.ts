import { expect, test } from 'bun:test'
import { type Example, tests } from 'commonmark-spec'
import fc from 'fast-check'
import { unescapeText } from '../../../src/slack/text.ts'
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
  [
    'tables with alignment, short rows and bars in cells',
    '| l | r |\n|:--|--:|\n| a \\| b |\n| 1 | 2 | 3 |',
    '```\nl     | r\n------+--\na | b |\n1     | 2\n```',
  ],
  ['entities', 'a &amp; b &lt; c &#33;', 'a &amp; b &lt; c !'],
  ['signs', 'a < b & c', 'a &lt; b &amp; c'],
  ['mentions of one person', 'hi <@U1AA>', 'hi <@U1AA>'],
  ['commands as text', 'hi <!channel>', 'hi &lt;!channel&gt;'],
  ['html as text', '<b>x</b>', '&lt;b&gt;x&lt;/b&gt;'],
  ['escapes', '\\*not italics\\*', '*not italics*'],
])('renders %s', (_, markdown, expected) => {
  expect(renderAsMrkdwn(markdown)).toBe(expected)
})

test('half a word keeps its letters and loses its style, which Slack would show as marks', () => {
  expect(renderAsMrkdwn('un**frigging**believable, **bold**, and *it*s')).toBe(
    'unfriggingbelievable, *bold*, and its',
  )
})

/** What a reader sees of HTML: text, alternative texts, and the addresses that are shown because nobody can follow them. */
function textOfHtml(html: string): string {
  const image = /<img src="([^"]*)" alt="([^"]*)"[^>]*>/g
  return html
    .replace(/<a href="([^"]*)"[^>]*>(.*?)<\/a>/gs, (_, href, inside) => {
      const label = String(inside).replace(image, '$2')
      return isFollowable(href) || label === href ? label : `${label}${href}`
    })
    .replace(image, (_, src, alt) => `${alt || 'image'}${isFollowable(src) ? '' : src}`)
    .replace(/<[^>]*>/g, '')
    .replace(
      /&(lt|gt|quot|amp);/g,
      (_, name) => ({ lt: '<', gt: '>', quot: '"', amp: '&' })[String(name)] ?? '',
    )
}

const isFollowable = (address: string) => /^(https?:\/\/|mailto:)\S+$/.test(address)

/** What a reader sees of Slack's notation: labels instead of links. */
function textOfMrkdwn(text: string): string {
  return unescapeText(
    text.replace(/<([^<>|\s]+)\|([^<>]*)>/g, '$2').replace(/<(?:mailto:)?([^<>|\s]+)>/g, '$1'),
  )
}

/** Letters and digits alone: marks of lists and styles are the business of each notation. */
function lettersOf(text: string): string {
  return decodeURI(text.replace(/(^|[>•\s])\d{1,9}\. /gm, '$1').replace(/%(?![0-9A-F]{2})/gi, '')).replace(
    /[^\p{L}\p{N}]/gu,
    '',
  )
}

test('of every example of CommonMark, Slack shows the text that a browser shows', () => {
  // HTML is no part of what Slack takes: it is shown as it is written. Rare named entities are too.
  const isTaken = ({ markdown }: Example) => !/<[a-z/!?]|&(?!amp|lt|gt|quot|nbsp|#)\w+;/i.test(markdown)
  const examples = tests.filter(isTaken)
  const different = examples.filter(({ markdown, html }) => {
    const shown = lettersOf(textOfMrkdwn(renderAsMrkdwn(markdown.replaceAll('→', '\t'))))
    return shown !== lettersOf(textOfHtml(html))
  })
  expect(different.map(({ number }) => number)).toEqual([])
  expect(examples.length).toBeGreaterThan(500)
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
