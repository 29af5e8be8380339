/** The URL that `text` is; undefined for what is none, or is neither https nor http. */
export function parseHttpUrl(text: string): URL | undefined {
  const url = URL.parse(text)
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url : undefined
}

/** The URL as text that paths are put behind. */
export function withoutSlash({ href }: URL): string {
  return href.replace(/\/+$/, '')
}
