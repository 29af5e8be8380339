import type { Secret } from '../base/secret.ts'

/** What stands where a secret was. */
export const redacted = '[redacted]'

/** Known secrets shorter than this are not looked for: hiding every "abc" would make logs unreadable without keeping anything secret. */
const secretCharactersMin = 4

/** Takes secrets out of text by value, wherever they stand (T30). Shared by the logger and everything else that prints what others wrote. */
export interface Redactor {
  /** `text` with every known secret and everything shaped like one replaced. Linear in the length of `text`. */
  redact(text: string): string
  /** Also hides this value from now on: a rotated token, a derived one. */
  hide(secret: Secret): void
  /** UTF-16 units of the longest known secret: how far a cut through unredacted text may reach into one. */
  secretCharactersMax(): number
}

/**
 * What has the shape of a secret. Each pattern consumes what it has scanned or is bounded, so that no input makes it slow (T15).
 * Order matters: the longer shapes first.
 */
const shapes: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // Slack's tokens: xoxb-, xoxp-, xoxd- (a cookie, percent-encoded), xoxe-1-, xoxe.xoxp-1-, xapp-1-, xwfp-.
  [/xox[a-z][.-][\w%+/=.-]+|(?:xapp|xwfp)-[\w%+/=.-]+/gi, redacted],
  // Incoming webhooks and response URLs: whoever has the path can post.
  [/(hooks\.slack\.com(?:%2f|\/))[\w%/.-]+/gi, `$1${redacted}`],
  // The bound keeps "eyJeyJeyJ…" linear; a real JWT header is shorter than 1,024.
  [/eyJ[\w-]{4,1024}\.[\w-]+(?:\.[\w-]*)?/g, redacted],
  // From six characters on, so that "a bearer token" stays readable.
  [/\b(bearer\s{1,8})[\w.~+/=-]{6,}/gi, `$1${redacted}`],
  [/(:\/\/)[^\s/?#]*@/g, `$1${redacted}@`],
  [/((?:authorization|cookie)["']?\s{0,4}[:=]\s{0,4}["']?)[^\r\n"']+/gi, `$1${redacted}`],
  [/((?:token|secret|passwd|password|api[_-]?key)=)[^\s&;,"'<>]+/gi, `$1${redacted}`],
  [
    /((?:token|secret|passwd|password|api[_-]?key)["']\s{0,4}:\s{0,4}["'])(?:[^"'\\]|\\.)+/gi,
    `$1${redacted}`,
  ],
  [/([?&]code=)[^\s&;,"'<>]+/gi, `$1${redacted}`],
]

/** One cheap look that tells most values apart: without any of these no shape can match. */
const suspicion = /xox|xapp|xwfp|eyJ|bearer|slack\.com|[=:]/i

export function createRedactor(secrets: readonly Secret[]): Redactor {
  const known: string[] = []
  let charactersMax = 0
  const hide = (secret: Secret) => {
    for (const spelling of spellings(secret.reveal())) {
      if (known.includes(spelling)) continue
      known.push(spelling)
      charactersMax = Math.max(charactersMax, spelling.length)
    }
    // A secret that contains another must go first, else its rest stays behind.
    known.sort((left, right) => right.length - left.length)
  }
  for (const secret of secrets) hide(secret)
  return {
    hide,
    secretCharactersMax: () => charactersMax,
    redact(text) {
      let result = text
      for (const secret of known) {
        if (result.includes(secret)) result = result.replaceAll(secret, redacted)
      }
      if (!suspicion.test(result)) return result
      for (const [pattern, replacement] of shapes) result = result.replace(pattern, replacement)
      return result
    },
  }
}

/** The forms in which a secret turns up in text that others made: as it is, inside a JSON string, inside a URL. */
function spellings(value: string): readonly string[] {
  if (value.length < secretCharactersMin) return []
  return [...new Set([value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value.toWellFormed())])]
}

/** Names of fields whose value is a secret whatever it looks like. Counts and flags (`token_count`, `has_token`) are not among them. */
const secretName =
  /(?:token|secret|passwd|password|passphrase|authorization|cookie|api[_-]?key|private[_-]?key)s?$/i

export function isSecretName(name: string): boolean {
  return secretName.test(name)
}
