import { AppError } from '../../base/errors.ts'
import type { JsonObject } from '../../base/json-object.ts'
import { asNumber, asText, asTexts, compact } from '../../slack/json-fields.ts'
import { withoutHiddenFiles } from '../hidden-authors.ts'
import { type FileView, safeName, viewFile } from '../message-view.ts'
import type { SlackToolContext } from '../tool-context.ts'

/** A file as a model gets it in lists. */
export interface ListedFile extends FileView {
  readonly user?: string
  readonly created?: number
  readonly channels?: readonly string[]
  readonly permalink?: string
}

/** The conversations that a file was shared in. */
function sharedIn(file: JsonObject): readonly string[] {
  return ['channels', 'groups', 'ims'].flatMap((field) => asTexts(file[field]))
}

/** Whether the principal may see the file: it lies in a conversation that may be read. One that lies in none is seen only where nothing is restricted. */
export async function mayReadFile(
  { policy, principal, signal }: SlackToolContext,
  file: JsonObject,
): Promise<boolean> {
  const places = sharedIn(file)
  if (places.length === 0) return policy.isUnrestricted(principal, 'read')
  for (const place of places) {
    if ((await policy.violated(principal, 'read', place, signal)) === undefined) return true
  }
  return false
}

/** Rejects with TOOL_FORBIDDEN where the file lies in no channel that may be read, or the operator keeps its author from models. */
export async function requireReadableFile(context: SlackToolContext, file: JsonObject): Promise<void> {
  if (!(await mayReadFile(context, file))) {
    throw new AppError('TOOL_FORBIDDEN', {
      details: { rule: 'read_channels', hint: 'The file is in no channel that may be read.' },
    })
  }
  if ((await withoutHiddenFiles(context, [file])).length === 0) {
    throw new AppError('TOOL_FORBIDDEN', {
      details: { rule: 'hide_authors', hint: 'The operator does not let files of this author be read.' },
    })
  }
}

export function viewListedFile(file: JsonObject, { directory }: SlackToolContext): ListedFile {
  const userId = asText(file['user'])
  const places = sharedIn(file)
  return compact({
    ...viewFile(file),
    user: userId === undefined ? undefined : safeName(directory.user(userId) ?? userId),
    created: asNumber(file['created']),
    channels: places.length === 0 ? undefined : places,
    permalink: asText(file['permalink']),
  })
}
