import type { SlackFetch } from '../../src/slack/exchange.ts'

export interface FakeRequest {
  readonly method: string
  readonly params: Readonly<Record<string, string>>
  readonly authorization: string | null
  readonly signal: AbortSignal
}

export type Reply = (request: FakeRequest) => Response | Promise<Response>

/** The Web API as a `fetch`, without a socket: each method answers by its script, the last reply for ever. */
export class FakeSlackWeb {
  readonly requests: FakeRequest[] = []
  readonly #scripts = new Map<string, Reply[]>()
  readonly #waiters = new Set<() => void>()

  /** Arrow, so that it can be handed over by itself. */
  readonly fetch: SlackFetch = async (url, init) => {
    const request: FakeRequest = {
      method: url.slice(url.lastIndexOf('/') + 1),
      params: Object.fromEntries(new URLSearchParams(String(init.body))),
      authorization: new Headers(init.headers).get('authorization'),
      signal: init.signal ?? new AbortController().signal,
    }
    this.requests.push(request)
    for (const look of this.#waiters) look()
    const script = this.#scripts.get(request.method) ?? []
    const reply = script.length > 1 ? script.shift() : script[0]
    return await (reply ?? ok())(request)
  }

  script(method: string, ...replies: readonly Reply[]): void {
    this.#scripts.set(method, [...replies])
  }

  /** The requests of one method. */
  of(method: string): readonly FakeRequest[] {
    return this.requests.filter((request) => request.method === method)
  }

  /** Resolves once `count` requests have arrived. */
  arrived(count: number): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.requests.length < count) return
        this.#waiters.delete(look)
        resolve()
      }
      this.#waiters.add(look)
      look()
    })
  }
}

export function ok(body: object = {}, headers: Record<string, string> = {}): Reply {
  return () => Response.json({ ok: true, ...body }, { headers })
}

export function refused(error: string, more: object = {}): Reply {
  return () => Response.json({ ok: false, error, ...more })
}

export function limited(retryAfter: string): Reply {
  return () => new Response('', { status: 429, headers: { 'retry-after': retryAfter } })
}

export function status(code: number): Reply {
  return () => new Response('<html>upstream request failed</html>', { status: code })
}

export function body(text: string): Reply {
  return () => new Response(text, { headers: { 'content-type': 'text/html' } })
}

/** The way in which Bun's fetch fails. */
export function broken(code: string): Reply {
  return () => Promise.reject(Object.assign(new TypeError(`${code}: it broke`), { code }))
}

/** No answer until the request is given up. */
export function silence({ signal }: FakeRequest): Promise<Response> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
