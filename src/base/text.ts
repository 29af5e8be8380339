/**
 * Characters that make text lie to a reader, a terminal or a model (T14): controls (Cc) and invisible format characters (Cf: bidi overrides,
 * zero-width, tags). The joiners U+200C and U+200D stay: emoji and several scripts need them.
 */
const deceptivePattern = /(?![\t\n\u200c\u200d])[\p{Cc}\p{Cf}]/gu

/** `text` with every deceptive character shown as `\u{…}`; tabs and line feeds stay. */
export function neutralise(text: string): string {
  return text.replace(deceptivePattern, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

/** `text` on one line: line breaks of every kind are shown as `⏎`, so that a name or a message cannot forge another line. */
export function asOneLine(text: string): string {
  return neutralise(text.replace(/\r\n|[\n\r\u0085\u2028\u2029]/g, '⏎'))
}

/** `text` cut to at most `charactersMax` UTF-16 units, never inside a surrogate pair, with `…` where something is missing. */
export function truncate(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text
  const end = charactersMax - 1
  const last = text.charCodeAt(end - 1)
  const isSplitPair = last >= 0xd800 && last <= 0xdbff
  return `${text.slice(0, isSplitPair ? end - 1 : end)}…`
}

/** The candidate nearest to `text` by edit distance, where one is near enough to be a slip of the keys. */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  const distanceMax = Math.max(2, Math.floor(text.length / 3))
  let best: { readonly candidate: string; readonly distance: number } | undefined
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - text.length) > distanceMax) continue
    const distance = editDistance(text.toLowerCase(), candidate.toLowerCase())
    if (distance <= distanceMax && (best === undefined || distance < best.distance))
      best = { candidate, distance }
  }
  return best?.candidate
}

/** Levenshtein distance, one row at a time. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[right.length] ?? 0
}
