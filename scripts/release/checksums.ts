/** SHA-256 of the bytes, as hexadecimal digits. */
export function sha256Of(bytes: Uint8Array): string {
  return new Bun.CryptoHasher('sha256').update(bytes).digest('hex')
}

/** As `sha256sum --check` reads it, by name. */
export function renderChecksums(sums: ReadonlyMap<string, string>): string {
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, sum]) => `${sum}  ${name}\n`)
    .join('')
}

/** The sums by the names of the files. Throws for a line of another form. */
export function parseChecksums(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .trimEnd()
      .split('\n')
      .map((line) => {
        const [, sum, name] = /^([0-9a-f]{64}) {2}(\S+)$/.exec(line) ?? []
        if (sum === undefined || name === undefined) throw new Error(`No line of checksums: ${line}`)
        return [name, sum]
      }),
  )
}
