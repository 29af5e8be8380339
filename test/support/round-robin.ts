/** A load balancer without affinity: each request goes to the next of its servers, whatever session it belongs to. */
export function startRoundRobin(urls: readonly string[]): {
  readonly url: string
  readonly stop: () => Promise<void>
} {
  let turn = 0
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    fetch(request) {
      const target = new URL(request.url)
      const next = new URL(urls[turn++ % urls.length] ?? '')
      target.port = next.port
      target.hostname = next.hostname
      const headers = new Headers(request.headers)
      // The balancer keeps the name that the client asked for, as the usual ones do when told to.
      headers.set('host', request.headers.get('host') ?? target.host)
      return fetch(target, { method: request.method, headers, body: request.body, redirect: 'manual' })
    },
  })
  return { url: `http://localhost:${server.port}`, stop: () => server.stop(true) }
}
