import { expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  createRecordingNames,
  escapeText,
  type Names,
  noNames,
  renderMrkdwn,
  unescapeText,
} from '../../../src/slack/text.ts'

const names: Names = {
  user: (id) => (id === 'U1AA' ? 'Ada' : undefined),
  channel: (id) => (id === 'C1AA' ? 'general' : undefined),
}

test('escapes the three characters that Slack names and nothing else', () => {
  expect(escapeText(`<a> & "b" 'c' &amp;`)).toBe(`&lt;a&gt; &amp; "b" 'c' &amp;amp;`)
})

test('unescaping undoes escaping for every text', () => {
  fc.assert(fc.property(fc.string(), (text) => unescapeText(escapeText(text)) === text))
})

test.each([
  ['mentions by name', 'hi <@U1AA>', 'hi @Ada'],
  ['an unknown mention by its label', 'hi <@U2BB|bob>', 'hi @bob'],
  ['an unknown mention by its id', 'hi <@U2BB>', 'hi @U2BB'],
  ['channels by name', 'see <#C1AA>', 'see #general'],
  ['a channel by the label that came along', 'see <#C2BB|random>', 'see #random'],
  ['broadcasts as what they are', '<!here> <!channel|channel>', '@here @channel'],
  ['user groups by their handle', '<!subteam^S1AA|@ops> <!subteam^S2BB>', '@ops @S2BB'],
  ['dates by their fallback', '<!date^1392734382^{date}|Feb 18, 2014>', 'Feb 18, 2014'],
  ['a link with its target', '<https://a.example|docs>', 'docs (https://a.example)'],
  ['a bare link once', '<https://a.example>', 'https://a.example'],
  ['a link whose label is its address once', '<https://a.example|https://a.example>', 'https://a.example'],
  [
    'a link whose label claims another address with both',
    '<https://evil.example|https://good.example>',
    'https://good.example (https://evil.example)',
  ],
  ['mail addresses without the scheme', '<mailto:a@b.example|a@b.example>', 'a@b.example'],
  ['entities as characters, once', '1 &lt; 2 &amp;amp; 3', '1 < 2 &amp; 3'],
  ['an escaped control sequence as text', '&lt;!channel&gt;', '<!channel>'],
  ['an open bracket as text', 'a < b', 'a < b'],
])('renders %s', (_, given, expected) => {
  expect(renderMrkdwn(given, names)).toBe(expected)
})

test('remembers for whom names were asked', () => {
  const recording = createRecordingNames()
  renderMrkdwn('<@U1AA> and <@U2BB> in <#C1AA>', recording)
  expect([...recording.users]).toEqual(['U1AA', 'U2BB'])
  expect([...recording.channels]).toEqual(['C1AA'])
})

test('renders every text without throwing', () => {
  fc.assert(fc.property(fc.string(), (text) => typeof renderMrkdwn(text, noNames) === 'string'))
})

test('reads a megabyte of open brackets in one pass', () => {
  // Quadratic matching would take minutes; the test runner's time-out is the measure.
  expect(renderMrkdwn('<'.repeat(1_000_000), noNames)).toHaveLength(1_000_000)
})
