/** For the checks that run real tools: throws where what was found is not what was wanted, and names both. */
export function expectSame(what: string, found: unknown, wanted: unknown): void {
  if (!Bun.deepEquals(found, wanted, true))
    throw new Error(`${what} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`)
}
