import { Type } from '@sinclair/typebox'
import { compact } from '../../slack/json-fields.ts'
import { answers, limitField, listField, optional } from '../fields.ts'
import { type Provenance, provenance, renderListing } from '../message-page.ts'
import { safeName } from '../message-view.ts'
import { defineSlackTool } from '../slack-tool.ts'

/** A custom emoji: its image, or the emoji that it is another name of. */
export interface EmojiView {
  readonly name: string
  readonly url?: string
  readonly alias_for?: string
}

interface EmojiPage extends Provenance {
  readonly emoji: readonly EmojiView[]
  /** All that match. */
  readonly total: number
  readonly next_offset?: number
}

export const readEmojis = defineSlackTool({
  name: 'slack_read_emojis',
  title: 'List custom emoji',
  description: 'List or search the custom emoji of the workspace; standard emoji are not listed.',
  toolset: 'emoji',
  effect: 'read',
  scopes: ['emoji:read'],
  cost: { methods: ['emoji.list'], warm: '0', cold: '1' },
  examples: { query: 'party', limit: 50 },
  input: Type.Object(
    {
      query: optional(Type.String({ minLength: 1, maxLength: 100 })),
      limit: limitField(1000, 200),
      offset: optional(Type.Integer({ minimum: 0, maximum: 100_000 })),
    },
    { additionalProperties: false },
  ),
  output: answers<EmojiPage>({ emoji: listField, next_offset: optional(Type.Integer()) }),
  async run({ query, limit, offset = 0 }, context) {
    const all = viewEmojis(await context.emoji.all(context.signal))
    const wanted = query?.toLowerCase().replaceAll(':', '')
    const found = wanted === undefined ? all : all.filter(({ name }) => name.includes(wanted))
    const emoji = found.slice(offset, offset + limit)
    const end = offset + emoji.length
    const data: EmojiPage = compact({
      ...provenance,
      emoji,
      total: found.length,
      next_offset: end < found.length ? end : undefined,
    })
    const next =
      end < found.length
        ? { tool: 'slack_read_emojis', args: compact({ query, limit, offset: end }) }
        : undefined
    const about = wanted === undefined ? '' : ` with "${safeName(wanted)}"`
    const head = `${emoji.length} of ${found.length} custom emoji${about}.`
    return { text: renderListing(head, emoji.map(renderEmoji), next), data }
  },
})

function renderEmoji({ name, alias_for: alias }: EmojiView): string {
  return alias === undefined ? `:${name}:` : `:${name}: = :${alias}:`
}

/** The catalogue as a model gets it. */
export function viewEmojis(catalogue: ReadonlyMap<string, string>): readonly EmojiView[] {
  return [...catalogue].map(([name, target]) => viewEmoji(name, target))
}

/** `alias:party` means another name of `party`. */
function viewEmoji(name: string, target: string): EmojiView {
  const aliasPrefix = 'alias:'
  return target.startsWith(aliasPrefix)
    ? { name: safeName(name), alias_for: safeName(target.slice(aliasPrefix.length)) }
    : { name: safeName(name), url: target }
}
