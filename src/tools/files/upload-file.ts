import { Type } from '@sinclair/typebox'
import { AppError } from '../../base/errors.ts'
import { asText, compact } from '../../slack/json-fields.ts'
import { argumentError } from '../argument-error.ts'
import { openConversation } from '../conversation.ts'
import { answers, channelField, dryRunField, keyField, optional, tsField } from '../fields.ts'
import { escapeOutgoing, refuseBroadcast } from '../outgoing-text.ts'
import { type DryRun, dryRun, writeOnce } from '../planned-call.ts'
import { callSlack } from '../slack-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import type { SlackToolContext } from '../tool-context.ts'
import { tsAliases } from '../ts-aliases.ts'

interface UploadedFile {
  readonly id: string
  readonly channel: string
  readonly size: number
}

/** Beyond this, base64 does not fit into a request of this server. */
const contentCharactersMax = 3_000_000

export const uploadFile = defineSlackTool({
  name: 'slack_upload_file',
  title: 'Upload a file',
  description: 'Share a file whose content is given here, as text or base64 (up to 2 MB).',
  toolset: 'files',
  effect: 'write',
  scopes: ['files:write'],
  cost: {
    methods: ['files.getUploadURLExternal', 'files.completeUploadExternal'],
    warm: '2 + upload',
    cold: '2 + upload + look-up of a name (1-10)',
  },
  aliases: tsAliases('thread_ts'),
  examples: { channel: '#general', filename: 'report.csv', content: 'a,b\n1,2' },
  input: Type.Object(
    {
      channel: channelField,
      filename: Type.String({ pattern: '^[^/\\\\\\x00-\\x1f]{1,200}$' }),
      content: optional(Type.String({ minLength: 1, maxLength: contentCharactersMax })),
      content_base64: optional(Type.String({ minLength: 1, maxLength: contentCharactersMax })),
      title: optional(Type.String({ minLength: 1, maxLength: 200 })),
      comment: optional(Type.String({ minLength: 1, maxLength: 4000 })),
      thread_ts: optional(tsField),
      idempotency_key: optional(keyField),
      dry_run: optional(dryRunField),
    },
    { additionalProperties: false },
  ),
  output: answers<UploadedFile | DryRun>({ id: optional(Type.String()) }),
  async run(args, context) {
    const bytes = contentOf(args)
    const { comment, title = args.filename } = args
    refuseBroadcast('comment', comment ?? '', context.settings.allowsBroadcasts)
    refuseBroadcast('title', title, context.settings.allowsBroadcasts)
    const { id: channel, threadTs, ts } = await openConversation(context, args.channel, 'write')
    const share = compact({
      channel_id: channel,
      thread_ts: args.thread_ts ?? threadTs ?? ts,
      initial_comment: comment === undefined ? undefined : escapeOutgoing(comment),
    })
    const request = { filename: args.filename, length: bytes.byteLength }
    if (args.dry_run === true) {
      return dryRun([
        { method: 'files.getUploadURLExternal', params: request },
        { method: 'files.completeUploadExternal', params: { files: [{ id: 'F…', title }], ...share } },
      ])
    }
    return await writeOnce(context, 'slack_upload_file', args, async () => {
      const id = await upload(context, request, bytes)
      await callSlack(context, 'files.completeUploadExternal', { files: [{ id, title }], ...share })
      return {
        text: `Uploaded ${id} (${bytes.byteLength} bytes) to ${channel}.`,
        data: { id, channel, size: bytes.byteLength },
      }
    })
  },
})

/** Asking for an address, sending, sharing. */
const stepCount = 3

async function upload(
  context: SlackToolContext,
  request: { readonly filename: string; readonly length: number },
  bytes: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const answer = await callSlack(context, 'files.getUploadURLExternal', request)
  const url = asText(answer['upload_url'])
  const id = asText(answer['file_id'])
  if (context.files === undefined || url === undefined || id === undefined) {
    throw new AppError('SLACK_UNAVAILABLE')
  }
  context.progress({ progress: 1, total: stepCount, message: `Sending ${request.filename}` })
  await context.files.upload(url, bytes, context.signal)
  context.progress({ progress: 2, total: stepCount, message: `Sharing ${request.filename}` })
  return id
}

function contentOf(args: {
  readonly content?: string
  readonly content_base64?: string
}): Uint8Array<ArrayBuffer> {
  const { content, content_base64: encoded } = args
  if (content !== undefined && encoded === undefined) return new TextEncoder().encode(content)
  const isBase64 = encoded !== undefined && /^[A-Za-z0-9+/]+={0,2}$/.test(encoded)
  if (content === undefined && isBase64) return new Uint8Array(Buffer.from(encoded, 'base64'))
  throw argumentError({
    field: 'content',
    given: encoded === undefined ? 'nothing' : 'both, or text that is not base64',
    accepted: 'exactly one of content (text) and content_base64',
    example: '{"content":"a,b\\n1,2"}',
  })
}
