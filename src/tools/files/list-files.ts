import { Type } from '@sinclair/typebox'
import type { JsonObject } from '../../base/json-object.ts'
import { asNumber, asObject, asObjects, asText, compact } from '../../slack/json-fields.ts'
import { findUserId, openConversation } from '../conversation.ts'
import { answers, channelField, limitField, listField, optional, timeField, userField } from '../fields.ts'
import { hiddenNote, withoutHiddenFiles } from '../hidden-authors.ts'
import { count, type Provenance, provenance, renderListing } from '../message-page.ts'
import { localMoment } from '../scheduling/schedule-message.ts'
import { callSlack } from '../slack-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import { parsePastRange } from '../time-expression.ts'
import type { SlackToolContext } from '../tool-context.ts'
import { type ListedFile, mayReadFile, viewListedFile } from './file-access.ts'

interface FilePage extends Provenance {
  readonly files: readonly ListedFile[]
  /** Files whose authors the operator keeps from models. */
  readonly hidden?: number
  readonly next_page?: number
}

export const listFiles = defineSlackTool({
  name: 'slack_list_files',
  title: 'List files',
  description: 'List files, newest first, by channel, person or time.',
  toolset: 'files',
  effect: 'read',
  scopes: ['files:read'],
  cost: {
    methods: ['files.list', 'users.info'],
    warm: '1',
    cold: '1 + 1 per unknown person (at most 20) + look-up of names',
  },
  examples: { channel: '#general', oldest: '7d' },
  input: Type.Object(
    {
      channel: optional(channelField),
      user: optional(userField),
      oldest: optional(timeField()),
      latest: optional(timeField()),
      limit: limitField(100, 30),
      page: optional(Type.Integer({ minimum: 1, maximum: 100 })),
    },
    { additionalProperties: false },
  ),
  output: answers<FilePage>({ files: listField, next_page: optional(Type.Integer()) }),
  async run(args, context) {
    const answer = await callSlack(context, 'files.list', await paramsOf(args, context))
    const found = asObjects(answer['files'])
    const userIds = found.map((file) => asText(file['user'])).filter((id) => id !== undefined)
    await context.directory.users.warm(userIds, peopleMax, context)
    const readable: JsonObject[] = []
    for (const file of found) if (await mayReadFile(context, file)) readable.push(file)
    const shown = await withoutHiddenFiles(context, readable)
    const files = shown.map((file) => viewListedFile(file, context))
    const hidden = readable.length - shown.length
    const { page, pages } = asObject(answer['paging'])
    const next = (asNumber(page) ?? 1) < (asNumber(pages) ?? 1) ? (asNumber(page) ?? 1) + 1 : undefined
    const data: FilePage = compact({
      ...provenance,
      files,
      hidden: hidden === 0 ? undefined : hidden,
      next_page: next,
    })
    const lines = files.map((file) => renderListed(file, context))
    const call = next === undefined ? undefined : { tool: 'slack_list_files', args: { ...args, page: next } }
    const head = [`${count(files.length, 'file')}.`, ...hiddenNote(hidden)].join(' ')
    return { text: renderListing(head, lines, call), data }
  },
})

const peopleMax = 20

interface ListArguments {
  readonly channel?: string
  readonly user?: string
  readonly oldest?: string
  readonly latest?: string
  readonly limit: number
  readonly page?: number
}

async function paramsOf(args: ListArguments, context: SlackToolContext) {
  const frame = { nowMs: context.clock.now(), timezone: context.settings.timezone }
  // Read before Slack is asked about names: a time that is refused must cost no call.
  const { oldest, latest } = parsePastRange(args, frame)
  return compact({
    ts_from: oldest,
    ts_to: latest,
    count: args.limit,
    page: args.page,
    channel:
      args.channel === undefined ? undefined : (await openConversation(context, args.channel, 'read')).id,
    user: args.user === undefined ? undefined : await findUserId(context, args.user),
  })
}

function renderListed(file: ListedFile, context: SlackToolContext): string {
  const facts = [
    file.type,
    file.size === undefined ? undefined : `${file.size} bytes`,
    file.user,
    file.created === undefined ? undefined : localMoment(file.created, context),
  ].filter((fact) => fact !== undefined)
  return `${file.id} ${file.name ?? '(no name)'} [${facts.join(', ')}]`
}
