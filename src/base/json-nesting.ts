const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const openBracket = 0x5b
const closeBrace = 0x7d
const closeBracket = 0x5d

/**
 * Whether JSON opens more than `depthMax` brackets inside each other: one pass over the bytes, before any parser sees them (T11: a parser takes
 * 900,000 levels, and what then walks the value does not). Brackets inside strings do not count; invalid JSON gets some answer.
 */
export function isNestedDeeperThan(bytes: Uint8Array, depthMax: number): boolean {
  let depth = 0
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]
    if (byte === quote) index = endOfString(bytes, index + 1)
    else if (byte === openBrace || byte === openBracket) {
      if (++depth > depthMax) return true
    } else if (byte === closeBrace || byte === closeBracket) depth--
  }
  return false
}

/** The index of the quote that ends the string which began before `from`, or the length where none does. */
function endOfString(bytes: Uint8Array, from: number): number {
  for (let index = from; index < bytes.length; index++) {
    const byte = bytes[index]
    if (byte === backslash) index++
    else if (byte === quote) return index
  }
  return bytes.length
}
