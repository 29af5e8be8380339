import { Type } from '@sinclair/typebox'
import { withoutSlash } from '../base/http-url.ts'
import { Secret } from '../base/secret.ts'
import { asPlainUrl } from './address-types.ts'
import { decoded } from './plain-types.ts'

/**
 * Option types of OpenTelemetry's variables (https://opentelemetry.io/docs/specs/otel/protocol/exporter/). A decoder refuses by throwing an Error
 * whose message says what is wrong; that of the headers never quotes them.
 */

/** The base URL of a collector, without a slash at the end. Plain http is usual: it runs beside the server. */
export const collectorUrl = () => decoded(Type.String(), (text) => withoutSlash(asPlainUrl(text)))

/** A header of every request to the collector. */
export interface CollectorHeader {
  readonly name: string
  readonly value: Secret
}

/** RFC 9110, 5.6.2. */
const headerNamePattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/
const headerValuePattern = /^[\x20-\x7e]{1,4096}$/

/** `name=value` each, as W3C Baggage writes them: values percent-encoded. */
export const requestHeaders = () =>
  decoded(Type.Array(Type.String(), { default: [] }), (texts): readonly CollectorHeader[] =>
    texts.map((text) => {
      const { name, value } = asPair(text)
      if (!headerNamePattern.test(name) || !headerValuePattern.test(value))
        throw new Error('expected headers as name=value, separated by commas, values percent-encoded')
      return { name: name.toLowerCase(), value: new Secret(value) }
    }),
  )

/** `name=value` each; they stay as they are written, since they are shown. */
export const resourceAttributes = () =>
  decoded(Type.Array(Type.String(), { default: [] }), (texts): readonly string[] => {
    for (const text of texts) {
      if (asPair(text).name === '')
        throw new Error('expected attributes as name=value, separated by commas, values percent-encoded')
    }
    return texts
  })

/** Throws where there is no `=`, or what follows it is not percent-encoded. */
function asPair(text: string): { readonly name: string; readonly value: string } {
  const equals = text.indexOf('=')
  if (equals < 0) throw new Error('expected name=value, separated by commas')
  try {
    return { name: text.slice(0, equals).trim(), value: decodeURIComponent(text.slice(equals + 1).trim()) }
  } catch (cause) {
    throw new Error('a value has a "%" that begins no percent-encoded character; write "%25" for it', {
      cause,
    })
  }
}
