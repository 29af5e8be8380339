/** What the endpoint does with a delivery. */
export type EndpointMode = number | 'hang' | 'redirect'

export interface Received {
  readonly path: string
  readonly headers: Headers
  readonly bytes: Uint8Array
}

export interface ForwardEndpoint extends AsyncDisposable {
  readonly url: string
  readonly received: readonly Received[]
  /** For the deliveries from now on; with several, one after the other, and the last for all that follow. */
  answer(...modes: readonly EndpointMode[]): void
  /** Resolves once there are so many. */
  receivedCount(count: number): Promise<void>
  /** Answers the deliveries that hang. */
  release(): void
}

/** A consumer on loopback that takes deliveries in every way a real one might. */
export function startForwardEndpoint(): ForwardEndpoint {
  const received: Received[] = []
  let modes: readonly EndpointMode[] = [200]
  let hanging = Promise.withResolvers<void>()
  const waiting = new Set<() => void>()
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname: path } = new URL(request.url)
      received.push({ path, headers: request.headers, bytes: await request.bytes() })
      const [mode = 200, ...rest] = modes
      if (rest.length > 0) modes = rest
      for (const look of waiting) look()
      if (mode === 'hang') {
        await hanging.promise
        return new Response('thank you')
      }
      if (mode === 'redirect') return Response.redirect('/elsewhere', 307)
      return new Response('thank you', { status: mode })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}/hook?code=1`,
    received,
    answer(...next) {
      modes = next
    },
    receivedCount: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (received.length < count) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    release() {
      hanging.resolve()
      hanging = Promise.withResolvers()
    },
    async [Symbol.asyncDispose]() {
      hanging.resolve()
      await server.stop(true)
    },
  }
}
