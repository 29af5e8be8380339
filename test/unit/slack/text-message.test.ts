import { expect, test } from 'bun:test'
import { parseMessage } from '../../../src/slack/message.ts'
import { type Names, noNames } from '../../../src/slack/text.ts'
import { renderMessage } from '../../../src/slack/text-message.ts'

const names: Names = {
  user: (id) => (id === 'U1AA' ? 'Ada' : undefined),
  channel: (id) => (id === 'C1AA' ? 'general' : undefined),
}

const render = (message: object) => renderMessage(parseMessage(message), names)

test('shows what Slack shows: the blocks, and the text only where there are none', () => {
  const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: 'shown' } }]
  expect(render({ text: 'notification', blocks })).toBe('shown')
  expect(render({ text: 'notification' })).toBe('notification')
  expect(render({ text: 'notification', blocks: [{ type: 'rich_text', elements: [] }] })).toBe('notification')
})

test('turns every kind of block into text', () => {
  const text = (value: string) => ({ type: 'plain_text', text: value })
  const blocks = [
    { type: 'header', text: text('Deploy') },
    {
      type: 'section',
      text: { type: 'mrkdwn', text: 'by <@U1AA> &amp; co' },
      fields: [{ type: 'mrkdwn', text: '*Env*: prod' }],
      accessory: { type: 'button', text: text('Open'), url: 'https://ci.example' },
    },
    { type: 'divider' },
    {
      type: 'context',
      elements: [
        { type: 'image', alt_text: 'logo' },
        { type: 'mrkdwn', text: 'build 7' },
      ],
    },
    {
      type: 'actions',
      elements: [
        { type: 'button', text: text('Approve') },
        { type: 'overflow', options: [] },
      ],
    },
    { type: 'image', title: text('Chart'), alt_text: 'chart' },
    { type: 'video', title: text('Talk'), title_url: 'https://v.example', description: text('An hour') },
    { type: 'input', label: text('Reason') },
    { type: 'file', external_id: 'ABCD' },
    { type: 'markdown', text: '**bold**' },
    {
      type: 'table',
      rows: [
        [
          { type: 'raw_text', text: 'a' },
          { type: 'raw_text', text: 'b' },
        ],
      ],
    },
    { type: 'brand_new', title: text('New kind'), body: { type: 'mrkdwn', text: 'seen <#C1AA>' } },
  ]
  expect(render({ blocks }).split('\n')).toEqual([
    'Deploy',
    'by @Ada & co',
    '*Env*: prod',
    '[Open (https://ci.example)]',
    '---',
    '[image: logo] · build 7',
    '[actions: [Approve]]',
    '[image: Chart]',
    '[video: Talk (https://v.example)]',
    'An hour',
    '[input: Reason]',
    '[file: ABCD]',
    '**bold**',
    'a | b',
    'New kind',
    'seen #general',
  ])
})

test('turns rich text into lines: lists with their depth and numbers, quotes, code, inline pieces', () => {
  const section = (...elements: object[]) => ({ type: 'rich_text_section', elements })
  const plain = (text: string) => ({ type: 'text', text })
  const elements = [
    section(
      plain('hi '),
      { type: 'user', user_id: 'U1AA' },
      plain(' in '),
      { type: 'channel', channel_id: 'C1AA' },
      plain(' '),
      { type: 'emoji', name: 'tada' },
      plain(' '),
      { type: 'link', url: 'https://a.example', text: 'docs' },
      plain(' '),
      { type: 'broadcast', range: 'here' },
      plain(' '),
      { type: 'usergroup', usergroup_id: 'S1AA' },
      plain(' '),
      { type: 'date', timestamp: 1, fallback: 'Monday' },
      plain(' '),
      { type: 'color', value: '#fff' },
    ),
    { type: 'rich_text_list', style: 'bullet', indent: 0, elements: [section(plain('one'))] },
    { type: 'rich_text_list', style: 'bullet', indent: 1, elements: [section(plain('deeper'))] },
    {
      type: 'rich_text_list',
      style: 'ordered',
      offset: 3,
      elements: [section(plain('four')), section(plain('five'))],
    },
    { type: 'rich_text_quote', elements: [plain('said\nso')] },
    { type: 'rich_text_preformatted', elements: [plain('x < 1')] },
  ]
  expect(render({ blocks: [{ type: 'rich_text', elements }] }).split('\n')).toEqual([
    'hi @Ada in #general :tada: docs (https://a.example) @here @S1AA Monday #fff',
    '• one',
    '  • deeper',
    '4. four',
    '5. five',
    '> said',
    '> so',
    '```',
    'x < 1',
    '```',
  ])
})

test('shows attachments behind a bar, their fallback only where there is nothing else', () => {
  const attachments = [
    {
      pretext: 'alert',
      author_name: 'CI',
      title: 'Build',
      title_link: 'https://ci.example/1',
      text: 'failed &amp; stopped',
      fields: [{ title: 'Branch', value: 'main' }],
      footer: 'jenkins',
      fallback: 'not shown',
    },
    { fallback: 'only this' },
    { image_url: 'https://i.example/x.png' },
    { text: 'shared', message_blocks: [{ message: { blocks: [{ type: 'markdown', text: 'twice' }] } }] },
    { message_blocks: [{ message: { blocks: [{ type: 'markdown', text: 'original' }] } }] },
  ]
  expect(render({ attachments }).split('\n')).toEqual([
    '| alert',
    '| CI',
    '| Build (https://ci.example/1)',
    '| failed & stopped',
    '| Branch: main',
    '| jenkins',
    '| only this',
    '| [image]',
    '| shared',
    '| original',
  ])
})

test('names files with type, size and id, and those that are gone', () => {
  const files = [
    { id: 'F1AA', name: 'a.pdf', pretty_type: 'PDF', size: 123_456 },
    { id: 'F2BB', title: 'Notes', filetype: 'md', size: 999 },
    { id: 'F3CC', name: 'film.mov', size: 2_500_000 },
    { id: 'F4DD', mode: 'tombstone' },
    {},
  ]
  expect(render({ text: 'see', files }).split('\n')).toEqual([
    'see',
    '[file: a.pdf, PDF, 123 kB, F1AA]',
    '[file: Notes, md, 999 B, F2BB]',
    '[file: film.mov, 2.5 MB, F3CC]',
    '[file F4DD]',
    '[file removed]',
  ])
})

test('never leaves a message empty', () => {
  expect(render({})).toBe('[no text]')
  expect(render({ subtype: 'huddle_thread' })).toBe('[no text: huddle_thread]')
  expect(renderMessage(parseMessage(null), noNames)).toBe('[no text]')
})

test('stops following blocks that are nested beyond reason', () => {
  let block: object = { type: 'unknown', text: 'deep' }
  for (let depth = 0; depth < 10_000; depth++)
    block = { type: 'unknown', child: block, text: `level ${depth}` }
  const rendered = render({ blocks: [block] })
  expect(rendered).toEndWith('level 9999')
  expect(rendered.split('\n')).toHaveLength(25)
  expect(rendered).not.toContain('deep')
})
