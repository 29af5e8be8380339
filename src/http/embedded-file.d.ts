/** A file embedded in the binary: the import is the path at which it can be read. */
declare module '*.gz' {
  const path: string
  // biome-ignore lint/style/noDefaultExport: an embedded file has no other export
  export default path
}
