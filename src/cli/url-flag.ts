import { parseHttpUrl } from '../base/http-url.ts'
import { UsageError } from './usage-error.ts'

/** The address that --url gives of a running server. Throws UsageError for what is none. */
export function urlOfFlag(text: string): URL {
  const url = parseHttpUrl(text)
  if (url === undefined) throw new UsageError('--url takes an http:// or https:// URL')
  return url
}
