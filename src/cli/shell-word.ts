/** The text as a POSIX shell reads it back: quoted where something in it means something to a shell. */
export function shellWord(text: string): string {
  return /^[\w.,:@/+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
