import { Type } from '@sinclair/typebox'
import type { ItemResult } from '../item-result.ts'

/** One emoji of a call; `already` where nothing had to be done. */
export type ReactionResult = ItemResult<{ readonly emoji: string; readonly already?: true }>

/** Names with or without colons, skin tones included (`wave::skin-tone-3`). */
export const emojisField = Type.Array(Type.String({ pattern: "^:?[\\w+'-]{1,100}(::skin-tone-[2-6])?:?$" }), {
  minItems: 1,
  maxItems: 23,
})

export function asEmojiName(given: string): string {
  return given.replace(/^:|:$/g, '')
}
