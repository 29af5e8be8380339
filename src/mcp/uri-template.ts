/** Longer URIs are nobody's resource. */
const uriCharactersMax = 2048

/** Matches URIs against one template; undefined where the URI is another one. */
export type UriMatcher = (uri: string) => Readonly<Record<string, string>> | undefined

/**
 * A matcher for an RFC 6570 level 1 template: `{name}` stands for one non-empty, percent-encoded path segment or part of one. It walks the URI
 * once, without regular expressions (CVE-2026-0621 was the SDK's template matcher). Throws TypeError for a template it does not understand.
 */
export function createUriMatcher(uriTemplate: string): UriMatcher {
  const parts = parse(uriTemplate)
  return (uri) => (uri.length > uriCharactersMax ? undefined : match(parts, uri))
}

/** A variable and the literal text behind it; the text before the first variable has no name. */
interface Part {
  readonly name: string | undefined
  readonly literal: string
}

function parse(uriTemplate: string): readonly Part[] {
  const [head = '', ...rest] = uriTemplate.split('{')
  const parts: Part[] = [{ name: undefined, literal: head }]
  for (const [index, piece] of rest.entries()) {
    const [name = '', literal, ...extra] = piece.split('}')
    const isLast = index === rest.length - 1
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || literal === undefined || extra.length > 0)
      throw new TypeError(`Not a level 1 URI template: ${uriTemplate}`)
    if (literal === '' && !isLast) throw new TypeError(`Two variables without text between: ${uriTemplate}`)
    parts.push({ name, literal })
  }
  return parts
}

function match(parts: readonly Part[], uri: string): Readonly<Record<string, string>> | undefined {
  const variables: Record<string, string> = Object.create(null)
  let position = 0
  for (const { name, literal } of parts) {
    if (name !== undefined) {
      const end = literal === '' ? uri.length : uri.indexOf(literal, position)
      const value = end === -1 ? undefined : decodeSegment(uri.slice(position, end))
      if (value === undefined) return undefined
      variables[name] = value
      position = end
    }
    if (!uri.startsWith(literal, position)) return undefined
    position += literal.length
  }
  return position === uri.length ? variables : undefined
}

function decodeSegment(text: string): string | undefined {
  if (text === '' || /[/?#]/.test(text)) return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
