import type { Requirement } from '../requirements.ts'
import { lineAt, readSource } from './source-text.ts'

/** One `verifies(id, …)` in a test file. */
export interface Citation {
  /** Undefined where the id is not a literal, so that the gate cannot read it. */
  readonly id: string | undefined
  /** `path:line`. */
  readonly place: string
}

export interface GateInput {
  readonly requirements: Readonly<Record<string, Requirement>>
  readonly citations: readonly Citation[]
  readonly fileExists: (path: string) => boolean
}

/** The calls of `verifies` in a test file. */
export function readCitations(path: string, text: string): readonly Citation[] {
  const { code } = readSource(text)
  return [...code.matchAll(/(?<!function\s)(?<![.\w$])verifies\s*\(\s*(['"`]?)/g)].map((match) => {
    const quote = match[1] ?? ''
    const start = match.index + match[0].length
    const id = text.slice(start, text.indexOf(quote, start))
    return {
      id: quote === '' || id.includes('${') ? undefined : id,
      place: `${path}:${lineAt(text, match.index)}`,
    }
  })
}

/** What stands between the promises and the tests: a promise that nothing shows, a test of something never promised. Empty when the gate is open. */
export function findGaps({ requirements, citations, fileExists }: GateInput): readonly string[] {
  const cited = new Set(citations.map(({ id }) => id))
  const unknown = citations.flatMap(({ id, place }) => {
    if (id === undefined) return [`${place} cites an id that is not a literal`]
    if (!Object.hasOwn(requirements, id)) return [`${place} cites ${id}, which is not a requirement`]
    return requirements[id]?.isOpen === true ? [`${place} cites ${id}, which is marked open`] : []
  })
  const unshown = Object.entries(requirements).flatMap(([id, { shownBy, isOpen }]) => {
    if (shownBy !== undefined && !fileExists(shownBy))
      return [`${id} is shown by ${shownBy}, which does not exist`]
    const isShown = isOpen === true || shownBy !== undefined || cited.has(id)
    return isShown ? [] : [`${id} has no test`]
  })
  return [...unknown, ...unshown]
}
