/** A collector of OpenTelemetry on loopback (OTLP/HTTP), which reads both encodings as the protocol defines them and not by the exporter's library. */
export interface CollectedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  /** SPAN_KIND: 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number
  readonly attributes: Readonly<Record<string, unknown>>
  /** 0 unset, 2 error. */
  readonly status: number
  readonly linkedSpanIds: readonly string[]
  readonly resource: Readonly<Record<string, unknown>>
}

export interface CollectedRequest {
  readonly path: string
  readonly headers: Headers
  readonly text: string
}

export interface TraceCollector extends AsyncDisposable {
  readonly endpoint: string
  readonly spans: readonly CollectedSpan[]
  readonly requests: readonly CollectedRequest[]
  /** The one span of this name. Throws where there is none, or several. */
  span(name: string): CollectedSpan
  /** From now on: a status, or no answer. */
  answer(mode: number | 'hang'): void
  /** Resolves once so many requests have come. */
  requested(count: number): Promise<void>
}

export function startTraceCollector(): TraceCollector {
  const spans: CollectedSpan[] = []
  const requests: CollectedRequest[] = []
  const waiting = new Set<() => void>()
  let mode: number | 'hang' = 200
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const bytes = await request.bytes()
      const { pathname: path } = new URL(request.url)
      requests.push({ path, headers: request.headers, text: Buffer.from(bytes).toString('latin1') })
      for (const look of [...waiting]) look()
      if (mode === 'hang') return new Promise<Response>(() => undefined)
      if (mode !== 200) return new Response('no', { status: mode })
      const isJson = request.headers.get('content-type') === 'application/json'
      spans.push(...(isJson ? readJson(bytes) : readProtobuf(bytes)))
      return isJson ? Response.json({}) : new Response(new Uint8Array())
    },
  })
  return {
    endpoint: `http://127.0.0.1:${server.port}`,
    spans,
    requests,
    span(name) {
      const [found, ...others] = spans.filter((span) => span.name === name)
      if (found === undefined || others.length > 0)
        throw new Error(`No single span "${name}" in: ${spans.map((span) => span.name).join(', ')}`)
      return found
    },
    answer(next) {
      mode = next
    },
    requested: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (requests.length < count) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    async [Symbol.asyncDispose]() {
      await server.stop(true)
    },
  }
}

interface JsonAttribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

interface JsonSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly attributes: readonly JsonAttribute[]
  readonly status: { readonly code?: number }
  readonly links: readonly { readonly spanId: string }[]
}

function readJson(bytes: Uint8Array): readonly CollectedSpan[] {
  const { resourceSpans } = JSON.parse(new TextDecoder().decode(bytes)) as {
    readonly resourceSpans: readonly {
      readonly resource: { readonly attributes: readonly JsonAttribute[] }
      readonly scopeSpans: readonly { readonly spans: readonly JsonSpan[] }[]
    }[]
  }
  const attributesOf = (list: readonly JsonAttribute[]) =>
    Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]))
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap((scope) => scope.spans)
      .map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        name: span.name,
        kind: span.kind,
        attributes: attributesOf(span.attributes),
        status: span.status.code ?? 0,
        linkedSpanIds: span.links.map((link) => link.spanId),
        resource: attributesOf(resource.attributes),
      })),
  )
}

/** Numbers of fields: opentelemetry/proto/trace/v1/trace.proto, common/v1/common.proto. */
function readProtobuf(bytes: Uint8Array): readonly CollectedSpan[] {
  return new Message(bytes).messages(1).flatMap((resourceSpans) => {
    const [resource] = resourceSpans.messages(1)
    return resourceSpans
      .messages(2)
      .flatMap((scopeSpans) => scopeSpans.messages(2))
      .map((span) => ({
        traceId: span.hex(1),
        spanId: span.hex(2),
        parentSpanId: span.hex(4),
        name: span.text(5),
        kind: span.number(6),
        attributes: asAttributes(span.messages(9)),
        status: span.messages(15)[0]?.number(3) ?? 0,
        linkedSpanIds: span.messages(13).map((link) => link.hex(2)),
        resource: asAttributes(resource?.messages(1) ?? []),
      }))
  })
}

function asAttributes(list: readonly Message[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    list.map((attribute) => {
      const [value] = attribute.messages(2)
      if (value?.has(1) === true) return [attribute.text(1), value.text(1)]
      if (value?.has(2) === true) return [attribute.text(1), value.number(2) === 1]
      return [attribute.text(1), value?.number(3)]
    }),
  )
}

/** A message of Protocol Buffers: https://protobuf.dev/programming-guides/encoding/ */
class Message {
  readonly #fields = new Map<number, (number | Uint8Array)[]>()

  constructor(bytes: Uint8Array) {
    let at = 0
    const varint = () => {
      let value = 0
      for (let factor = 1; ; factor *= 128) {
        const byte = bytes[at++] ?? 0
        value += (byte % 128) * factor
        if (byte < 128) return value
      }
    }
    const take = (length: number) => {
      at += length
      return bytes.subarray(at - length, at)
    }
    while (at < bytes.length) {
      const tag = varint()
      const wire = tag % 8
      const value = wire === 0 ? varint() : take(wire === 1 ? 8 : wire === 5 ? 4 : varint())
      const field = Math.floor(tag / 8)
      this.#fields.set(field, [...(this.#fields.get(field) ?? []), value])
    }
  }

  has(field: number): boolean {
    return this.#fields.has(field)
  }

  number(field: number): number {
    const [value] = this.#fields.get(field) ?? []
    return typeof value === 'number' ? value : 0
  }

  #bytes(field: number): readonly Uint8Array[] {
    return (this.#fields.get(field) ?? []).filter((value) => typeof value !== 'number')
  }

  hex(field: number): string {
    return this.#bytes(field)[0]?.toHex() ?? ''
  }

  text(field: number): string {
    return new TextDecoder().decode(this.#bytes(field)[0])
  }

  messages(field: number): readonly Message[] {
    return this.#bytes(field).map((bytes) => new Message(bytes))
  }
}
