import { beforeAll, expect, test } from 'bun:test'
import type { EventEnvelope } from '../../src/demo/event-envelope.ts'
import { webApiMethods } from '../../src/demo/web-api.ts'
import { corpusFiles, hasCorpus } from '../support/corpus.ts'
import { demoBench } from '../support/demo-call.ts'

/**
 * The embedded workspace must not answer what Slack would not: every field that it sends exists in recorded answers of the same method (or of
 * the object that the method answers), with the same type. Fields that it leaves out are no fault: real answers vary.
 */

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Everything that was ever recorded at one place, as one value. */
function union(left: Json | undefined, right: Json | undefined): Json {
  if (left === undefined || left === null) return right ?? null
  if (right === undefined || right === null) return left
  if (Array.isArray(left) && Array.isArray(right)) return [[...left, ...right].reduce(union, null)]
  if (!isObject(left) || !isObject(right)) return left
  const keys = new Set([...Object.keys(left), ...Object.keys(right)])
  return Object.fromEntries([...keys].map((key) => [key, union(left[key], right[key])]))
}

/** Lists brought to one element each, all the way down. */
function flatten(value: Json): Json {
  if (Array.isArray(value)) return value.length === 0 ? [] : [value.map(flatten).reduce(union, null)]
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, flatten(member)]))
}

/** Objects whose keys are ids or names, not fields. */
const dictionaries = new Set(['.emoji', '.file.shares.public', '.files[].shares.public'])

function differences(ours: Json, recorded: Json | undefined, path = ''): readonly string[] {
  if (recorded === undefined) return [`${path} was never recorded`]
  // null tells no type, and Slack sends it for nearly everything.
  if (ours === null || recorded === null) return []
  if (Array.isArray(ours) && Array.isArray(recorded)) {
    return recorded.length === 0
      ? []
      : ours.flatMap((member) => differences(member, recorded[0], `${path}[]`))
  }
  if (isObject(ours) && isObject(recorded)) {
    const example = dictionaries.has(path) ? Object.values(recorded)[0] : undefined
    return Object.entries(ours).flatMap(([key, value]) =>
      differences(value, example ?? recorded[key], example === undefined ? `${path}.${key}` : `${path}{}`),
    )
  }
  const [mine, theirs] = [ours, recorded].map((value) => (Array.isArray(value) ? 'list' : typeof value))
  return mine === theirs ? [] : [`${path} is a ${mine}, recorded as ${theirs}`]
}

const recordings = new Map<string, Json>()

function recorded(...names: readonly string[]): Json {
  return names.map((name) => recordings.get(name) ?? null).reduce(union, null)
}

const java = (method: string) => recorded(`java-samples/${method}`)
const openapi = (method: string) => recorded(`openapi-examples/${method}.200`)
const at = (value: Json, ...path: readonly string[]): Json =>
  path.reduce<Json>((found, key) => {
    if (Array.isArray(found)) return found[0] ?? null
    return isObject(found) ? (found[key] ?? null) : null
  }, value)

/** Every object below `value`. */
function* objectsIn(value: Json): Iterable<{ readonly [key: string]: Json }> {
  if (isObject(value)) yield value
  if (typeof value !== 'object' || value === null) return
  for (const member of Object.values(value)) yield* objectsIn(member)
}

/** A rich_text block as messages carry it. The samples nest its parts deeper than messages do, so the leaves are gathered wherever they stand. */
function richText(): Json {
  const bodies = ['api', 'events', 'inner-events'].flatMap((folder) => corpusFiles(folder))
  const sections = bodies
    .flatMap(({ bytes }) => [...objectsIn(JSON.parse(String(bytes)) as Json)])
    .filter(({ type }) => type === 'rich_text_section')
  const leaves = flatten(sections.flatMap(({ elements }) => (Array.isArray(elements) ? elements : [])))
  return { type: '', block_id: '', elements: [{ type: '', elements: leaves }] }
}

const flags = (...names: readonly string[]): Json => Object.fromEntries(names.map((name) => [name, true]))

/**
 * What no recording happens to hold: as in Slack's OpenAPI description (reference/slack_web_openapi_v2_without_examples.json), and for search and
 * bookmarks, which it lacks, in the response types of @slack/web-api.
 */
const documented = {
  bookmark: {
    ...{ id: '', channel_id: '', title: '', link: '', emoji: '', icon_url: '', type: '', entity_id: '' },
    ...{ date_created: 0, date_updated: 0, rank: '', last_updated_by_user_id: '' },
    ...{ last_updated_by_team_id: '', shortcut_id: '', app_id: '', app_action_id: '' },
  },
  // https://docs.slack.dev/reference/methods/assistant.search.context
  found: {
    ...{ author_name: '', author_user_id: '', team_id: '', channel_id: '', channel_name: '' },
    ...{ message_ts: '', content: '', is_author_bot: false, permalink: '' },
  },
  match: {
    ...{ iid: '', team: '', score: 0, type: '', user: '', username: '', ts: '', text: '', permalink: '' },
    no_reactions: true,
    channel: [
      { id: '', name: '', pending_shared: [] },
      flags('is_channel', 'is_group', 'is_im', 'is_mpim', 'is_private', 'is_shared', 'is_org_shared'),
      flags('is_ext_shared', 'is_pending_ext_shared'),
    ].reduce<Json>(union, null),
  },
  channel: { parent_conversation: null },
  pins: { items: [{ channel: '', message: { permalink: '' } }] },
  file: { response_metadata: { next_cursor: '' } },
  usergroups: { usergroups: [{ user_count: 0 }] },
  scheduled: { id: '', channel_id: '', post_at: 0, date_created: 0, text: '' },
} as const satisfies Record<string, Json>

function recordedObjects() {
  const message = [
    { blocks: [richText()] },
    at(java('conversations.history'), 'messages', '0'),
    at(java('conversations.replies'), 'messages', '0'),
  ].reduce<Json>(union, null)
  const channel = [
    documented.channel,
    at(java('conversations.info'), 'channel'),
    at(java('conversations.open'), 'channel'),
    at(openapi('conversations.list'), 'channels', '0'),
    at(openapi('conversations.join'), 'channel'),
  ].reduce<Json>(union, null)
  const user = union(at(java('users.info'), 'user'), at(java('users.list'), 'members', '0'))
  const file = union(at(java('files.info'), 'file'), at(openapi('reactions.get'), 'file'))
  return { message, channel, user, file }
}

const release = 'C0DEMO00REL'

/** What the cases are about. */
interface Made {
  readonly ts: string
  readonly scheduledId: string
  readonly bookmarkId: string
  readonly uploadId: string
}

/** For each call of ours, what stands in the recordings. Objects that several methods answer are compared with all recordings of that object. */
function cases({ ts, scheduledId, bookmarkId, uploadId }: Made) {
  const { message, channel, user, file } = recordedObjects()
  const page = { response_metadata: { next_cursor: '' } }
  const ok = { ok: true }
  const found = at(recorded('java-samples/search.files'), 'files')
  const pagesOfSearch = isObject(found) ? found : {}
  const item = { channel: release, timestamp: ts }
  return [
    ['auth.test', {}, java('auth.test')],
    ['users.list', {}, union({ members: [user] }, java('users.list'))],
    ['users.info', { user: 'U0DEMO0MCP1' }, { ...ok, user }],
    ['users.lookupByEmail', { email: 'ana@tidemark.example' }, { ...ok, user }],
    [
      'conversations.list',
      { types: 'public_channel,private_channel,im' },
      { ...ok, channels: [channel], ...page },
    ],
    ['users.conversations', {}, { ...ok, channels: [channel], ...page }],
    ['conversations.info', { channel: release, include_num_members: 'true' }, { ...ok, channel }],
    ['conversations.info', { channel: 'D0DEMO00ANA' }, { ...ok, channel }],
    ['conversations.members', { channel: release }, openapi('conversations.members')],
    ['conversations.join', { channel: release }, union({ channel }, openapi('conversations.join'))],
    [
      'conversations.open',
      { users: 'U0DEMO00RAJ', return_im: 'true' },
      union({ channel }, java('conversations.open')),
    ],
    ['conversations.invite', { channel: release, users: 'U0DEMO00VIK' }, { ...ok, channel }],
    [
      'conversations.setTopic',
      { channel: release, topic: 'x' },
      union({ channel }, java('conversations.setTopic')),
    ],
    ['conversations.mark', { channel: release, ts }, java('conversations.mark')],
    [
      'conversations.history',
      { channel: release, limit: '3' },
      union({ messages: [message] }, java('conversations.history')),
    ],
    [
      'conversations.history',
      { channel: 'C0DEMO00SUP' },
      union({ messages: [message] }, java('conversations.history')),
    ],
    [
      'conversations.replies',
      { channel: release, ts, limit: '1' },
      union({ messages: [message] }, java('conversations.replies')),
    ],
    [
      'chat.postMessage',
      { channel: release, text: 'hi <@U0DEMO00ANA> :wave:', thread_ts: ts },
      { ...ok, channel: '', ts: '', message },
    ],
    [
      'chat.scheduleMessage',
      { channel: release, text: 'x', post_at: '1700000060' },
      union(java('chat.scheduleMessage'), openapi('chat.scheduleMessage')),
    ],
    [
      'chat.scheduledMessages.list',
      {},
      { ...ok, scheduled_messages: [documented.scheduled], response_metadata: { next_cursor: '' } },
    ],
    [
      'chat.deleteScheduledMessage',
      { channel: release, scheduled_message_id: scheduledId },
      java('chat.deleteScheduledMessage'),
    ],
    ['conversations.create', { name: 'compared' }, union({ channel }, java('conversations.create'))],
    ['usergroups.users.list', { usergroup: 'S0DEMO00REL' }, java('usergroups.users.list')],
    ['reactions.add', { ...item, name: 'eyes' }, openapi('reactions.add')],
    ['reactions.get', item, union({ message }, java('reactions.get'))],
    ['reactions.remove', { ...item, name: 'eyes' }, java('reactions.remove')],
    ['pins.add', item, ok],
    ['pins.remove', item, recorded('openapi-examples/pins.remove.default')],
    ['api.test', {}, union({ args: { token: '' } }, java('api.test'))],
    ['bookmarks.list', { channel_id: release }, { ...ok, bookmarks: [documented.bookmark] }],
    [
      'bookmarks.add',
      { channel_id: release, title: 'x', type: 'link', link: 'https://example.com/' },
      { ...ok, bookmark: documented.bookmark },
    ],
    ['bookmarks.remove', { channel_id: release, bookmark_id: bookmarkId }, ok],
    [
      'files.getUploadURLExternal',
      { filename: 'a.txt', length: '1' },
      { ...ok, upload_url: '', file_id: '' },
    ],
    [
      'files.completeUploadExternal',
      { channel_id: release, files: JSON.stringify([{ id: uploadId, title: 'A' }]) },
      union({ files: [file] }, java('files.completeUploadExternal')),
    ],
    ['chat.getPermalink', { channel: release, message_ts: ts }, { ...ok, channel: '', permalink: '' }],
    ['chat.postEphemeral', { channel: release, user: 'U0DEMO00ANA', text: 'x' }, { ...ok, message_ts: '' }],
    [
      'assistant.search.context',
      { query: 'release', channel_types: 'public_channel,im' },
      { ...ok, results: { messages: [documented.found] }, ...page },
    ],
    [
      'search.messages',
      { query: 'release' },
      [
        { query: '', messages: { matches: [union({ blocks: [richText()] }, documented.match)] } },
        { messages: { ...pagesOfSearch, matches: [] } },
      ].reduce<Json>(union, { ...ok }),
    ],
    [
      'pins.list',
      { channel: release },
      [documented.pins, { items: [{ message }] }, java('pins.list')].reduce<Json>(union, null),
    ],
    [
      'files.info',
      { file: 'F0DEMO0PLAN' },
      [documented.file, { file }, java('files.info')].reduce<Json>(union, null),
    ],
    [
      'files.list',
      {},
      { ...ok, files: [file], paging: at(recorded('java-samples/search.files'), 'files', 'paging') },
    ],
    ['bots.info', { bot: 'B0DEMO0DEPL' }, java('bots.info')],
    ['emoji.list', {}, union({ cache_ts: '' }, recorded('slack-go/emoji_1'))],
    ['team.info', {}, openapi('team.info')],
    [
      'usergroups.list',
      { include_users: 'true', include_count: 'true' },
      [
        documented.usergroups,
        openapi('usergroups.list'),
        { usergroups: [at(java('usergroups.create'), 'usergroup')] },
      ].reduce<Json>(union, null),
    ],
    // Last: the others look at the message that these change.
    ['chat.update', { channel: release, ts, text: 'Changed.' }, union({ message }, openapi('chat.update'))],
    ['chat.delete', { channel: release, ts }, java('chat.delete')],
  ] as const satisfies readonly (readonly [string, Readonly<Record<string, string>>, Json])[]
}

/** Methods that a person's token is needed for, and those about a person's own message. */
const asPerson: ReadonlySet<string> = new Set([
  'assistant.search.context',
  'search.messages',
  'chat.update',
  'chat.delete',
])

beforeAll(() => {
  for (const { name, bytes } of corpusFiles('api')) {
    recordings.set(
      name.replace(/^api\//, '').replace(/\.json$/, ''),
      flatten(JSON.parse(String(bytes)) as Json),
    )
  }
})

test.skipIf(!hasCorpus)('answers nothing that recorded answers of Slack do not have', async () => {
  const { call, callAsUser, workspace } = demoBench()
  const ts = workspace.post({ channel: 'release', by: 'ana', text: 'Compare me.' })
  workspace.post({ channel: 'release', by: 'raj', text: 'A reply.', threadTs: ts })
  workspace.post({ channel: 'release', by: 'mei', text: 'Another.', threadTs: ts })
  const found: Record<string, readonly string[]> = {}
  const scheduled = await call('chat.scheduleMessage', { channel: release, text: 'x', post_at: '1700000120' })
  const link = { channel_id: release, title: 'x', type: 'link', link: 'https://example.com/' }
  const { bookmark } = await call<{ readonly bookmark: { readonly id: string } }>('bookmarks.add', link)
  const upload = await call<{ readonly upload_url: string; readonly file_id: string }>(
    'files.getUploadURLExternal',
    { filename: 'a.txt', length: '1' },
  )
  await workspace.handle(new Request(upload.upload_url, { method: 'POST', body: 'a' }))
  const table = cases({
    ...{ ts, scheduledId: String(scheduled['scheduled_message_id']) },
    ...{ bookmarkId: bookmark.id, uploadId: upload.file_id },
  })
  for (const [method, params, recording] of table) {
    const answer = await (asPerson.has(method) ? callAsUser : call)(method, params)
    expect([method, answer.ok]).toEqual([method, true])
    const wrong = [...new Set(differences(answer as Json, recording))]
    if (wrong.length > 0) found[`${method} ${JSON.stringify(params)}`] = wrong
  }
  expect(found).toEqual({})
  // Every method that is answered is compared.
  expect([...new Set<string>(table.map(([method]) => method))].sort()).toEqual(
    Object.keys(webApiMethods).sort(),
  )
})

/** The envelope as any event has it; the inner event as those of its type have it, messages also as history has them. */
function recordedEvents(type: string, message: Json): Json {
  const envelopes = corpusFiles('events').map(({ bytes }) => flatten(JSON.parse(String(bytes)) as Json))
  const inner = envelopes
    .map((envelope) => at(envelope, 'event'))
    .filter((event) => at(event, 'type') === type)
  const outer = envelopes.reduce(union, null)
  const isMessage = type === 'message' || type === 'app_mention'
  const event = [...inner, ...(isMessage ? [message, { message, previous_message: message }] : [])].reduce(
    union,
    null,
  )
  return isObject(outer) ? { ...outer, event } : outer
}

test.skipIf(!hasCorpus)('sends no event that recorded events do not have', async () => {
  const { call, callAsUser, workspace, events } = demoBench()
  const ts = workspace.post({ channel: 'release', by: 'ana', text: 'hello <@U0DEMO0MCP1>' })
  await call('chat.postMessage', { channel: release, text: 'answer', thread_ts: ts })
  await callAsUser('chat.update', { channel: release, ts, text: 'hello again' })
  await call('reactions.add', { channel: release, timestamp: ts, name: 'eyes' })
  await callAsUser('chat.delete', { channel: release, ts })
  const found: Record<string, readonly string[]> = {}
  const { message } = recordedObjects()
  for (const envelope of events as readonly EventEnvelope[]) {
    const { type, subtype } = envelope.event
    const wrong = differences(JSON.parse(JSON.stringify(envelope)) as Json, recordedEvents(type, message))
    if (wrong.length > 0) found[`${type} ${subtype ?? ''}`] = [...new Set(wrong)]
  }
  expect(found).toEqual({})
  expect(events.map(({ event }) => event.type)).toEqual([
    'message',
    'app_mention',
    'message',
    'message',
    'reaction_added',
    'message',
  ])
})

test('finds a field that was never recorded, and one of another type', () => {
  const recording = flatten({ ok: true, messages: [{ ts: '1' }, { text: '', n: 1 }], empty: [] })
  expect(differences({ ok: true, messages: [{ ts: '2', text: 'x' }], empty: [1] }, recording)).toEqual([])
  expect(differences({ ok: 'yes', messages: [{ ts: 2, more: null }, { n: 'x' }] }, recording)).toEqual([
    '.ok is a string, recorded as boolean',
    '.messages[].ts is a number, recorded as string',
    '.messages[].more was never recorded',
    '.messages[].n is a string, recorded as number',
  ])
})
