import { Type } from '@sinclair/typebox'
import type { JsonObject } from '../../base/json-object.ts'
import { asObjects, asText, compact } from '../../slack/json-fields.ts'
import { openConversation } from '../conversation.ts'
import { answers, channelField, listField } from '../fields.ts'
import { count, type Provenance, provenance, renderListing } from '../message-page.ts'
import { safeName } from '../message-view.ts'
import { callSlack } from '../slack-call.ts'
import { defineSlackTool } from '../slack-tool.ts'

interface BookmarkView {
  readonly id: string
  readonly title: string
  readonly link?: string
}

interface Bookmarks extends Provenance {
  readonly channel: string
  readonly bookmarks: readonly BookmarkView[]
}

export const listBookmarks = defineSlackTool({
  name: 'slack_list_bookmarks',
  title: 'List bookmarks',
  description: 'Bookmarks of a channel.',
  toolset: 'bookmarks_pins',
  effect: 'read',
  scopes: ['bookmarks:read'],
  cost: { methods: ['bookmarks.list'], warm: '1', cold: '1 + look-up of a name (1-10)' },
  examples: { channel: '#general' },
  input: Type.Object({ channel: channelField }, { additionalProperties: false }),
  output: answers<Bookmarks>({ bookmarks: listField }),
  async run(args, context) {
    const { id } = await openConversation(context, args.channel, 'read')
    const answer = await callSlack(context, 'bookmarks.list', { channel_id: id })
    const bookmarks = asObjects(answer['bookmarks']).map(viewBookmark)
    const lines = bookmarks.map(({ id: bookmark, title, link }) =>
      `${bookmark} ${title} ${link ?? ''}`.trim(),
    )
    const head = `${count(bookmarks.length, 'bookmark')} in ${id}.`
    return { text: renderListing(head, lines), data: { ...provenance, channel: id, bookmarks } }
  },
})

const linkCharactersMax = 1000

function viewBookmark(raw: JsonObject): BookmarkView {
  const link = asText(raw['link'])
  return compact({
    id: asText(raw['id']) ?? '',
    title: safeName(asText(raw['title']) ?? '(no title)'),
    link: link === undefined ? undefined : safeName(link.slice(0, linkCharactersMax)),
  })
}
