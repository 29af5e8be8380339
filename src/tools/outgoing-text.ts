import { escapeText } from '../slack/text.ts'
import { argumentError } from './argument-error.ts'

/**
 * What a model may write into a message. Everything is text unless it is one of the harmless control sequences; what would notify many people
 * is refused rather than quietly weakened, because the model would believe that it had been done.
 */

/** Mentions of one user, references to channels, links: the control sequences that stay. */
const harmlessControl =
  /^<(@[UW][A-Z0-9]{2,30}|#[CG][A-Z0-9]{2,30}|(?:https?:\/\/|mailto:|tel:)[^<>|\s]{1,3000})(\|[^<>|\n]{0,300})?>$/

/** What notifies many people, in the same notation: passes only where the operator allows it. */
const broadcastControl = /^<!(?:channel|here|everyone|subteam\^[A-Z0-9]{2,30})(\|[^<>|\n]{0,300})?>$/

/** `text` as Slack takes it: escaped, but for mentions of single users, channels and links in Slack's own notation. */
export function escapeOutgoing(text: string, allowsBroadcasts = false): string {
  const stays = (part: string) =>
    harmlessControl.test(part) || (allowsBroadcasts && broadcastControl.test(part))
  return text
    .split(/(<[^<>\n]*>)/)
    .map((part) => (stays(part) ? part : escapeText(part)))
    .join('')
}

/** `<!channel>` and its kin, user groups, and the bare words that Slack's clients and text objects turn into the same. */
const broadcastPattern =
  /<!(?:channel|here|everyone|group)\b[^>]*>|<!subteam\^[^>]*>|(?<![\w.@+-])@(?:channel|here|everyone)(?![\w@-]|\.\w)/i

/** The mention in `text` that would notify many people at once; undefined where there is none. */
export function broadcastIn(text: string): string | undefined {
  return broadcastPattern.exec(text)?.[0]
}

/** Throws TOOL_ARGUMENTS_INVALID where `text` would notify many people and the operator does not allow it. */
export function refuseBroadcast(field: string, text: string, allowsBroadcasts: boolean): void {
  const mention = allowsBroadcasts ? undefined : broadcastIn(text)
  if (mention === undefined) return
  throw argumentError({
    field,
    given: mention,
    accepted: 'text without @channel, @here, @everyone and user groups: this server does not allow them',
    example: 'Hello everybody',
  })
}

/** Slack shows up to this much as one message, and splits what is longer by itself at places that nobody chose. */
export const textCharactersMax = 4000
/** Of all markdown blocks of a message together. */
export const markdownCharactersMax = 12_000

/** `text` in pieces of at most `charactersMax`, cut at the end of a paragraph, else of a line, else of a word; code fences are closed and reopened. */
export function splitText(text: string, charactersMax: number): readonly string[] {
  const pieces: string[] = []
  let rest = text
  let fence = ''
  while (rest.length + fence.length > charactersMax) {
    const room = charactersMax - fence.length - fenceRoom
    const piece = fence + rest.slice(0, cutAt(rest, room))
    rest = rest.slice(piece.length - fence.length).replace(/^\n+/, '')
    const openFence = openFenceOf(piece)
    pieces.push(openFence === '' ? piece.trimEnd() : `${piece.trimEnd()}\n\`\`\``)
    fence = openFence === '' ? '' : `${openFence}\n`
  }
  return rest === '' ? pieces : [...pieces, fence + rest]
}

/** Room for closing a fence. */
const fenceRoom = 8

function cutAt(text: string, room: number): number {
  for (const separator of ['\n\n', '\n', ' ']) {
    const at = text.lastIndexOf(separator, room - separator.length)
    // A cut in the first third would make many short pieces.
    if (at > room / 3) return at + separator.length
  }
  const last = text.charCodeAt(room - 1)
  return last >= 0xd800 && last <= 0xdbff ? room - 1 : room
}

/** The line that opened the code fence which is still open at the end of `piece`; empty where none is. */
function openFenceOf(piece: string): string {
  let open = ''
  for (const line of piece.split('\n')) {
    if (!line.startsWith('```')) continue
    open = open === '' ? line.slice(0, 20) : ''
  }
  return open
}
