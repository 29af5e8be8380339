import { type BodyBudget, readBody } from '../base/body.ts'
import { Refusal } from './refusal.ts'

/** Slack's own limit is not documented; no call of ours comes near this. */
const bodyBytesMax = 1024 * 1024

/** The arguments of one call, wherever they stood: query, form or JSON. */
export class CallParams {
  readonly #values: Readonly<Record<string, unknown>>

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values
  }

  /** Every argument as it came, but for the token. */
  all(): Readonly<Record<string, unknown>> {
    const { token: _, ...rest } = this.#values
    return rest
  }

  /** Text that is not empty; numbers as their digits, since JSON callers send those for text too. */
  text(name: string): string | undefined {
    const value = this.#values[name]
    if (typeof value === 'number') return String(value)
    return typeof value === 'string' && value !== '' ? value : undefined
  }

  /** Throws the refusal that Slack gives for a missing argument. */
  required(name: string): string {
    const text = this.text(name)
    if (text !== undefined) return text
    const messages = [`[ERROR] missing required field: ${name}`]
    throw new Refusal('invalid_arguments', { fields: { response_metadata: { messages } } })
  }

  isTrue(name: string): boolean {
    const value = this.#values[name]
    return value === true || value === 'true' || value === '1' || value === 1
  }

  /** A whole number; `fallback` where there is none or where it is below 1, `max` where it is above: Slack adjusts limits rather than refuse. */
  limit(name: string, fallback: number, max: number): number {
    const number = Number(this.text(name) ?? Number.NaN)
    return Number.isInteger(number) && number >= 1 ? Math.min(number, max) : fallback
  }

  /** A list or object: forms carry it as JSON text. Throws `error` where that text is no JSON. */
  json(name: string, error: string): unknown {
    const value = this.#values[name]
    if (typeof value !== 'string') return value ?? undefined
    if (value === '') return undefined
    try {
      const parsed: unknown = JSON.parse(value)
      return parsed
    } catch (cause) {
      throw new Refusal(error, { cause })
    }
  }

  /** A comma-separated list. */
  list(name: string): readonly string[] {
    return (this.text(name) ?? '')
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
  }
}

export interface CallInput {
  readonly params: CallParams
  /** The token and where it stood: JSON bodies cannot carry one. */
  readonly token: string | undefined
  readonly warning: 'missing_charset' | undefined
}

/** Reads one call. Throws the refusal that Slack gives for a body it cannot read. */
export async function readCall(request: Request, budget: BodyBudget): Promise<CallInput> {
  const query = Object.fromEntries(new URL(request.url).searchParams)
  const contentType = request.headers.get('content-type') ?? ''
  const result = await readBody(request, { bytesMax: bodyBytesMax, budget })
  if (result.kind !== 'bytes') throw new Refusal('request_too_large')
  const isJson = contentType.startsWith('application/json')
  const body = isJson ? parseJson(result.bytes) : await parseForm(result.bytes, contentType)
  const bearer = /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
  const inArguments = isJson ? query['token'] : { ...query, ...body }['token']
  return {
    params: new CallParams({ ...query, ...body }),
    token: bearer ?? (typeof inArguments === 'string' ? inArguments : undefined),
    warning: isJson && !/charset=/i.test(contentType) ? 'missing_charset' : undefined,
  }
}

function parseJson(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  if (bytes.byteLength === 0) return {}
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw new Refusal('invalid_json', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Refusal('json_not_object')
  return { ...value }
}

async function parseForm(bytes: Uint8Array, contentType: string): Promise<Readonly<Record<string, unknown>>> {
  if (!contentType.startsWith('multipart/form-data')) {
    return Object.fromEntries(new URLSearchParams(new TextDecoder().decode(bytes)))
  }
  try {
    const form = await new Response(bytes, { headers: { 'content-type': contentType } }).formData()
    const fields: [string, string][] = []
    form.forEach((value, name) => {
      if (typeof value === 'string') fields.push([name, value])
    })
    return Object.fromEntries(fields)
  } catch (cause) {
    throw new Refusal('invalid_form_data', { cause })
  }
}
