/** The examples of the CommonMark specification; the package brings no types. */
declare module 'commonmark-spec' {
  export interface Example {
    readonly markdown: string
    readonly html: string
    readonly section: string
    readonly number: number
  }
  export const tests: readonly Example[]
}
