import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { asObject } from '../../../src/slack/json-fields.ts'
import { unescapeText } from '../../../src/slack/text.ts'
import { checkBlocks, checkMarkdownImages } from '../../../src/tools/outgoing-blocks.ts'
import { composeMessage } from '../../../src/tools/outgoing-message.ts'
import { broadcastIn, escapeOutgoing, splitText } from '../../../src/tools/outgoing-text.ts'
import { verifies } from '../../support/verifies.ts'

const strict = { allowsBroadcasts: false, imageHosts: [] }
const refusal = (details: object) =>
  expect.objectContaining({ code: 'TOOL_ARGUMENTS_INVALID', details: expect.objectContaining(details) })

describe('escaping', () => {
  test.each([
    ['plain signs', 'a < b & c > d', 'a &lt; b &amp; c &gt; d'],
    ['mentions of one person', 'hi <@U1AA>', 'hi <@U1AA>'],
    ['channels', 'see <#C1AA|general>', 'see <#C1AA|general>'],
    ['links', '<https://a.example/?b=1&c=2|docs>', '<https://a.example/?b=1&c=2|docs>'],
    ['mail links', '<mailto:a@b.example|mail>', '<mailto:a@b.example|mail>'],
    ['unknown commands', '<!foo> <script>', '&lt;!foo&gt; &lt;script&gt;'],
    ['javascript links', '<javascript:alert(1)|x>', '&lt;javascript:alert(1)|x&gt;'],
    ['links with brackets inside', '<https://a.example|<!here>>', '&lt;https://a.example|&lt;!here&gt;&gt;'],
    ['broadcasts', '<!channel>', '&lt;!channel&gt;'],
  ])('of %s', (_, given, expected) => {
    expect(escapeOutgoing(given)).toBe(expected)
  })

  test('leaves broadcasts alone where they are allowed', () => {
    expect(escapeOutgoing('<!channel> <!subteam^S1AA|@ops> <!date^1>', true)).toBe(
      '<!channel> <!subteam^S1AA|@ops> &lt;!date^1&gt;',
    )
  })

  test('what Slack shows is what was written, for every text without its own notation', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('<', '>', '&', '!', '|', 'a', ';', '@', ' ') }),
        (text) => {
          const escaped = escapeOutgoing(text)
          return escaped.match(/<[^<>]*>/) !== null || unescapeText(escaped) === text
        },
      ),
    )
  })
})

verifies(
  'tools:broadcast',
  'mentions of many people are found in every spelling, and nothing else is',
  () => {
    for (const text of [
      '<!channel>',
      '<!here|here>',
      '<!everyone>',
      '<!subteam^S1AA>',
      '<!subteam^S1AA|@ops>',
      'hey @channel',
      '@here: please',
      '(@everyone)',
      'HEY @Channel!',
      '<!CHANNEL>',
      'a\n@here',
    ]) {
      expect(broadcastIn(text)).toBeDefined()
    }
    for (const text of [
      'mail me@here.example',
      'channel here everyone',
      '@channels',
      '@here-and-there',
      'user@channel',
      '@hereabouts',
      '<#C1AA|here>',
      '@herein',
      'https://x.example/@here.png',
    ]) {
      expect([text, broadcastIn(text)]).toEqual([text, undefined])
    }
  },
)

describe('composing', () => {
  const compose = (draft: object, mayBeSplit = false, settings = strict) =>
    composeMessage(draft, settings, mayBeSplit)

  test('text goes out escaped and without blocks', () => {
    expect(compose({ text: 'a & b' })).toEqual([{ text: 'a &amp; b' }])
  })

  test('markdown goes out as a block, with Slack notation for the notification', () => {
    expect(compose({ markdown: '# Hi\n**bold** [l](https://a.example)' })).toEqual([
      {
        text: '*Hi*\n*bold* <https://a.example|l>',
        blocks: [{ type: 'markdown', text: '# Hi\n**bold** [l](https://a.example)' }],
      },
    ])
  })

  test('blocks keep their own text, or get one that says what they say', () => {
    const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: 'a &amp; <@U1AA>' } }]
    expect(compose({ blocks, text: 'short' })).toEqual([{ text: 'short', blocks }])
    expect(compose({ blocks })).toEqual([{ text: 'a &amp; @U1AA', blocks }])
  })

  test('exactly one kind of content', () => {
    for (const draft of [{}, { text: 'a', markdown: 'b' }, { markdown: 'a', blocks: [{}] }]) {
      expect(() => compose(draft)).toThrow(refusal({ field: 'text' }))
    }
  })

  test.each([
    ['text', 'x', 4000],
    ['markdown', 'x', 12_000],
  ])('%s is taken up to its limit and refused beyond it', (field, character, charactersMax) => {
    expect(compose({ [field]: character.repeat(charactersMax) })).toHaveLength(1)
    expect(() => compose({ [field]: character.repeat(charactersMax + 1) })).toThrow(
      refusal({ field, given: `${charactersMax + 1} characters` }),
    )
  })

  test('escaping counts: what Slack gets is what is measured', () => {
    expect(() => compose({ text: '&'.repeat(801) })).toThrow(refusal({ given: '4005 characters' }))
    expect(compose({ text: '&'.repeat(800) })).toHaveLength(1)
  })

  test('split text loses nothing, and every piece fits after escaping', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('word ', 'a&b ', '<<<>>> ', 'line\n', 'paragraph\n\n', '😀'), {
          minLength: 500,
          maxLength: 2500,
        }),
        (words) => {
          const text = words.join('')
          const pieces = compose({ text }, true).map((piece) => piece.text)
          const squeezed = (value: string) => unescapeText(value).replace(/\s+/g, '')
          return pieces.every((piece) => piece.length <= 4000) && squeezed(pieces.join('')) === squeezed(text)
        },
      ),
      { numRuns: 30 },
    )
  })

  test('a cut never falls into the middle of a character', () => {
    for (const lead of ['', 'x']) {
      const pieces = splitText(`${lead}${'😀'.repeat(3000)}`, 4000)
      expect(pieces.every((piece) => piece.isWellFormed() && piece.length <= 4000)).toBe(true)
      expect(pieces.join('')).toBe(`${lead}${'😀'.repeat(3000)}`)
    }
  })

  test('a text of nothing but signs that escaping makes long is split too', () => {
    const pieces = compose({ text: '&'.repeat(4000) }, true)
    expect(pieces.every(({ text }) => text.length <= 4000)).toBe(true)
    expect(pieces.map(({ text }) => unescapeText(text)).join('')).toBe('&'.repeat(4000))
  })

  test('split markdown is cut between blocks and keeps code fences whole', () => {
    const paragraph = 'lorem ipsum '.repeat(200).trim()
    const code = `\`\`\`js\n${'let x = 1\n'.repeat(100)}\`\`\``
    const markdown = Array.from({ length: 8 }, () => `${paragraph}\n\n${code}`).join('\n\n')
    const pieces = compose({ markdown }, true)
    const texts = pieces.map(({ blocks }) => String(asObject(blocks?.[0])['text']))
    expect(texts.every((text) => text.length <= 12_000)).toBe(true)
    expect(texts.join('\n\n')).toBe(markdown)
    for (const text of texts) expect(text.split('```').length % 2).toBe(1)
  })

  test('one endless code block is cut at a line, closed and opened again', () => {
    const pieces = splitText(`\`\`\`js\n${'x = 1\n'.repeat(1000)}\`\`\``, 4000)
    expect(pieces.length).toBeGreaterThan(1)
    for (const piece of pieces) {
      expect(piece.length).toBeLessThanOrEqual(4000)
      expect(piece).toStartWith('```js\n')
      expect(piece).toEndWith('```')
    }
  })
})

describe('what is refused', () => {
  test.each([
    ['text', { text: 'hi <!channel>' }, 'text', '<!channel>'],
    ['bare words', { text: 'hi @here' }, 'text', '@here'],
    ['markdown', { markdown: '**@everyone**' }, 'markdown', '@everyone'],
    [
      'mrkdwn in blocks',
      { blocks: [{ type: 'section', text: { type: 'mrkdwn', text: '<!here>' } }] },
      'blocks.0.text.text',
      '<!here>',
    ],
    [
      'rich text broadcasts',
      {
        blocks: [
          {
            type: 'rich_text',
            elements: [{ type: 'rich_text_section', elements: [{ type: 'broadcast', range: 'channel' }] }],
          },
        ],
      },
      'blocks.0.elements.0.elements.0',
      '@channel',
    ],
    [
      'rich text user groups',
      {
        blocks: [
          {
            type: 'rich_text',
            elements: [
              { type: 'rich_text_section', elements: [{ type: 'usergroup', usergroup_id: 'S1AA' }] },
            ],
          },
        ],
      },
      'blocks.0.elements.0.elements.0',
      '@channel',
    ],
    ['text beside blocks', { blocks: [{ type: 'divider' }], text: '@here' }, 'text', '@here'],
    [
      'fields nobody thought of',
      { blocks: [{ type: 'new', anything: { deep: ['@channel'] } }] },
      'blocks.0.anything.deep.0',
      '@channel',
    ],
  ])('broadcasts in %s', (_, draft, field, given) => {
    expect(() => composeMessage(draft, strict, false)).toThrow(refusal({ field, given }))
    expect(() => composeMessage(draft, { ...strict, allowsBroadcasts: true }, false)).not.toThrow()
  })

  test.each([
    [
      'image blocks',
      [{ type: 'image', image_url: 'https://evil.example/x.png?d=secret', alt_text: '' }],
      'blocks.0.image_url',
    ],
    [
      'accessories',
      [{ type: 'section', accessory: { type: 'image', image_url: 'https://evil.example/x' } }],
      'blocks.0.accessory.image_url',
    ],
    ['thumbnails', [{ type: 'video', thumbnail_url: 'https://evil.example/x' }], 'blocks.0.thumbnail_url'],
    ['author icons', [{ type: 'new', author_icon: 'https://evil.example/x' }], 'blocks.0.author_icon'],
    ['other schemes', [{ type: 'image', image_url: 'http://cdn.example/x' }], 'blocks.0.image_url'],
    ['addresses that are none', [{ type: 'image', image_url: 7 }], 'blocks.0.image_url'],
    [
      'markdown blocks',
      [{ type: 'markdown', text: '![x](https://evil.example/?d=secret)' }],
      'blocks.0.text',
    ],
    [
      'reference images',
      [{ type: 'markdown', text: '![x][1]\n\n[1]: https://evil.example/x' }],
      'blocks.0.text',
    ],
    [
      'images in lists and tables',
      [{ type: 'markdown', text: '| a |\n|---|\n| - ![x](https://evil.example/x) |' }],
      'blocks.0.text',
    ],
  ])('addresses that Slack would fetch, in %s', (_, blocks, field) => {
    expect(() => checkBlocks(blocks, { ...strict, imageHosts: ['cdn.example'] })).toThrow(refusal({ field }))
  })

  test('images of an allowed host pass, in blocks and markdown', () => {
    const settings = { ...strict, imageHosts: ['cdn.example'] }
    expect(() =>
      checkBlocks([{ type: 'image', image_url: 'https://cdn.example/x.png' }], settings),
    ).not.toThrow()
    expect(() =>
      checkMarkdownImages('markdown', '![x](https://cdn.example/x)', ['cdn.example']),
    ).not.toThrow()
    expect(() =>
      checkMarkdownImages('markdown', '![x](https://cdn.example.evil.example/x)', ['cdn.example']),
    ).toThrow(refusal({ given: 'cdn.example.evil.example' }))
  })

  test('blocks deeper than 20 or larger than 5,000 values', () => {
    const nested = (depth: number) => {
      let value: unknown = 'x'
      for (let level = 0; level < depth; level++) value = [value]
      return [value]
    }
    expect(() => checkBlocks(nested(19), strict)).not.toThrow()
    expect(() => checkBlocks(nested(20), strict)).toThrow(refusal({ given: 'a tree too deep or too large' }))
    expect(() => checkBlocks([Array.from({ length: 4998 }, () => 'x')], strict)).not.toThrow()
    expect(() => checkBlocks([Array.from({ length: 4999 }, () => 'x')], strict)).toThrow(refusal({}))
  })
})
