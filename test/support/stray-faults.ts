/**
 * Loaded into the binary before its own code (BUN_OPTIONS): at SIGUSR2, and where the server reads a header of a request that says `stray-throw` or `stray-rejection`,
 * something fails that nobody catches.
 */
const fail = (what: string) => new Error(`nobody catches this: ${what}`)

/** Twice, as what fails in a timer usually does. */
process.on('SIGUSR2', () => {
  for (const what of ['first', 'second']) {
    setTimeout(() => {
      throw fail(what)
    }, 0)
  }
})

const stray: Readonly<Record<string, () => void>> = {
  'stray-throw': () =>
    queueMicrotask(() => {
      throw fail('throw in a request')
    }),
  'stray-rejection': () => void Promise.reject(fail('rejection in a request')),
}

const read = Headers.prototype.get
Object.defineProperty(Headers.prototype, 'get', {
  value(this: Headers, name: string): string | null {
    const value = read.call(this, name)
    if (value !== null) stray[value]?.()
    return value
  },
})
