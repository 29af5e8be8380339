import { nearest } from '../base/text.ts'

const candidatesMax = 5

/** Up to five names that the writer of `given` may have meant: those that contain it or are contained in it, then the nearest by spelling. */
export function candidatesFor(given: string, names: Iterable<string>): readonly string[] {
  const wanted = given.toLowerCase()
  const rest = new Set<string>()
  const found: string[] = []
  for (const name of names) {
    const lower = name.toLowerCase()
    const isPart = lower.includes(wanted) || (lower.length > 2 && wanted.includes(lower))
    if (!isPart) rest.add(name)
    else if (found.length < candidatesMax && !found.includes(name)) found.push(name)
  }
  while (found.length < candidatesMax) {
    const next = nearest(given, rest)
    if (next === undefined) break
    found.push(next)
    rest.delete(next)
  }
  return found
}
