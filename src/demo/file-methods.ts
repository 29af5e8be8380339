import { isObject } from '../base/json-object.ts'
import { beginUpload, finishUpload } from './file-actions.ts'
import { postMessage } from './message-actions.ts'
import { type Call, conversationOf, isVisible, type MethodTable, requireMembership } from './method.ts'
import { Refusal } from './refusal.ts'
import { renderFile } from './render-messages.ts'
import type { Rendered } from './render-people.ts'
import type { StoredFile } from './seed-messages.ts'
import { demoTeam } from './seed-table.ts'

const filesPerPageDefault = 100
const filesPerPageMax = 1_000

export const fileMethods: MethodTable = {
  'files.list': { scopes: ['files:read'], run: listFiles },
  'files.info': { scopes: ['files:read'], run: fileInfo },
  'files.getUploadURLExternal': { scopes: ['files:write'], run: getUploadUrl },
  'files.completeUploadExternal': { scopes: ['files:write'], run: completeUpload },
}

function getUploadUrl(call: Call): Rendered {
  const name = call.params.required('filename')
  call.params.required('length')
  const { id, key } = beginUpload(call.state, name)
  return { upload_url: `${call.origin}/upload/v1/${key}`, file_id: id }
}

/** Shares what was uploaded as one message. Slack also keeps files that are shared nowhere; here nobody would ever see those. */
function completeUpload(call: Call): Rendered {
  const { params, state, grant } = call
  const conversation = conversationOf(call, 'channel_id')
  requireMembership(conversation, grant)
  if (conversation.isArchived) throw new Refusal('is_archived')
  const wanted = wantedFiles(params.json('files', 'invalid_arguments'))
  if (wanted.some(({ id }) => state.uploads.get(id)?.bytes === undefined)) throw new Refusal('file_not_found')
  const { fileIds } = postMessage(state, conversation, {
    userId: grant.userId,
    text: params.text('initial_comment') ?? '',
    threadTs: params.text('thread_ts'),
    files: wanted.flatMap(({ id, title }) => finishUpload(state, id, title) ?? []),
  })
  const shared = state.files.filter(({ id }) => fileIds.includes(id))
  return { files: shared.map((file) => renderPlaced(file, call)) }
}

/** Throws invalid_arguments for what is no list of files. */
function wantedFiles(files: unknown): readonly { readonly id: string; readonly title: string }[] {
  if (!Array.isArray(files) || files.length === 0) throw new Refusal('invalid_arguments')
  return files.map((file: unknown) => {
    const { id, title } = isObject(file) ? file : {}
    if (typeof id !== 'string') throw new Refusal('invalid_arguments')
    return { id, title: typeof title === 'string' ? title : '' }
  })
}

function visibleFiles({ state, grant }: Call): readonly StoredFile[] {
  return state.files.filter(({ conversationId }) => {
    const conversation = state.conversations.byId(conversationId)
    return conversation !== undefined && isVisible(conversation, grant)
  })
}

/** Newest first, by pages with numbers. */
function listFiles(call: Call): Rendered {
  const { params } = call
  const channel = params.text('channel')
  const user = params.text('user')
  const files = visibleFiles(call)
    .filter((file) => channel === undefined || file.conversationId === channel)
    .filter((file) => user === undefined || file.userId === user)
    .toReversed()
  const count = params.limit('count', filesPerPageDefault, filesPerPageMax)
  const page = params.limit('page', 1, Number.MAX_SAFE_INTEGER)
  return {
    files: files.slice((page - 1) * count, page * count).map((file) => renderPlaced(file, call)),
    paging: { count, total: files.length, page, pages: Math.ceil(files.length / count) },
  }
}

function fileInfo(call: Call): Rendered {
  const id = call.params.required('file')
  const file = visibleFiles(call).find((candidate) => candidate.id === id)
  if (file === undefined) throw new Refusal('file_not_found')
  return {
    file: renderPlaced(file, call),
    comments: [],
    response_metadata: { next_cursor: '' },
  }
}

/** A file with the conversations it was shared in. */
function renderPlaced(file: StoredFile, { state, origin }: Call): Rendered {
  const conversation = state.conversations.byId(file.conversationId)
  const isPublic = conversation?.kind === 'public'
  const share = { ts: file.ts, channel_name: conversation?.name ?? '', team_id: demoTeam.id }
  return {
    ...renderFile(file, `${origin}/`),
    is_public: isPublic,
    channels: isPublic ? [file.conversationId] : [],
    groups: isPublic ? [] : [file.conversationId],
    ims: [],
    shares: { [isPublic ? 'public' : 'private']: { [file.conversationId]: [share] } },
    comments_count: 0,
  }
}
