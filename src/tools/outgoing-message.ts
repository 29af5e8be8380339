import { truncate } from '../base/text.ts'
import { compact } from '../slack/json-fields.ts'
import { escapeText, noNames } from '../slack/text.ts'
import { renderBlocks } from '../slack/text-blocks.ts'
import { argumentError } from './argument-error.ts'
import { renderAsMrkdwn, splitMarkdown } from './markdown.ts'
import { checkBlocks, checkMarkdownImages } from './outgoing-blocks.ts'
import {
  escapeOutgoing,
  markdownCharactersMax,
  refuseBroadcast,
  splitText,
  textCharactersMax,
} from './outgoing-text.ts'
import type { ToolSettings } from './tool-settings.ts'

/** What the author gave: text in Slack's notation, standard markdown, or blocks (with text as what notifications show). */
export interface MessageDraft {
  readonly text?: string | undefined
  readonly markdown?: string | undefined
  readonly blocks?: readonly unknown[] | undefined
}

/** The draft among the arguments of a tool. */
export function draftOf({ text, markdown, blocks }: MessageDraft): MessageDraft {
  return compact({ text, markdown, blocks })
}

/** What goes into one Slack call. */
export interface MessageContent {
  readonly text: string
  readonly blocks?: readonly unknown[]
}

type ComposeSettings = Pick<ToolSettings, 'allowsBroadcasts' | 'imageHosts'>

/**
 * The messages that a draft becomes: one, or several where it is too long and `mayBeSplit`. Everything that the policy refuses is refused here,
 * before anything is sent. Throws TOOL_ARGUMENTS_INVALID.
 */
export function composeMessage(
  draft: MessageDraft,
  settings: ComposeSettings,
  mayBeSplit: boolean,
): readonly MessageContent[] {
  const { text, markdown, blocks } = draft
  if (markdown !== undefined) {
    if (text !== undefined || blocks !== undefined) throw oneOf('markdown together with text or blocks')
    return composeMarkdown(markdown, settings, mayBeSplit)
  }
  if (blocks !== undefined) return [composeBlocks(blocks, text, settings)]
  if (text === undefined) throw oneOf('none of them')
  return composeText(text, settings, mayBeSplit)
}

function composeText(
  text: string,
  settings: ComposeSettings,
  mayBeSplit: boolean,
): readonly MessageContent[] {
  refuseBroadcast('text', text, settings.allowsBroadcasts)
  const escaped = escapeOutgoing(text, settings.allowsBroadcasts)
  if (escaped.length <= textCharactersMax) return [{ text: escaped }]
  if (!mayBeSplit) throw tooLong('text', escaped.length, textCharactersMax)
  return splitEscaped(text, textCharactersMax, settings.allowsBroadcasts).map((piece) => ({ text: piece }))
}

/** Split before escaping, so that no entity is torn; a piece that escaping makes too long is split again. */
function splitEscaped(text: string, charactersMax: number, allowsBroadcasts: boolean): readonly string[] {
  return splitText(text, charactersMax).flatMap((piece) => {
    const escaped = escapeOutgoing(piece, allowsBroadcasts)
    if (escaped.length <= textCharactersMax) return [escaped]
    return splitEscaped(piece, Math.floor(charactersMax / 2), allowsBroadcasts)
  })
}

function composeMarkdown(
  markdown: string,
  settings: ComposeSettings,
  mayBeSplit: boolean,
): readonly MessageContent[] {
  refuseBroadcast('markdown', markdown, settings.allowsBroadcasts)
  checkMarkdownImages('markdown', markdown, settings.imageHosts)
  if (markdown.length > markdownCharactersMax && !mayBeSplit) {
    throw tooLong('markdown', markdown.length, markdownCharactersMax)
  }
  const pieces =
    markdown.length <= markdownCharactersMax ? [markdown] : splitMarkdown(markdown, markdownCharactersMax)
  return pieces.map((piece) => ({
    text: truncate(renderAsMrkdwn(piece), textCharactersMax),
    blocks: [{ type: 'markdown', text: piece }],
  }))
}

function composeBlocks(
  blocks: readonly unknown[],
  text: string | undefined,
  settings: ComposeSettings,
): MessageContent {
  checkBlocks(blocks, settings)
  if (text === undefined) {
    return { text: truncate(escapeText(renderBlocks(blocks, noNames)), textCharactersMax), blocks }
  }
  const [content = { text: '' }] = composeText(text, settings, false)
  return { ...content, blocks }
}

function oneOf(given: string) {
  return argumentError({
    field: 'text',
    given,
    accepted: 'exactly one of text, markdown and blocks (blocks may have text for notifications)',
    example: '{"text":"Hello"}',
  })
}

function tooLong(field: string, length: number, charactersMax: number) {
  return argumentError({
    field,
    given: `${length} characters`,
    accepted: `at most ${charactersMax} characters in one message, or if_long: "split"`,
    example: '{"if_long":"split"}',
  })
}
