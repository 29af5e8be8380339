import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, connect as netConnect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificate } from '../../support/certificate.ts'

/** Stands for slack.com for programs that know no other address: a proxy that ends their TLS and asks the double. */
export interface SlackGateway extends AsyncDisposable {
  readonly proxyUrl: string
}

/** Whether a gateway can be made here: it needs a certificate. */
export function canMakeGateway(): boolean {
  return Bun.which('openssl') !== null
}

/** Every host that a client connects to through the proxy is the double at `apiUrl`. Its certificate is trusted by nobody who looks at it. */
export async function startSlackGateway(apiUrl: string): Promise<SlackGateway> {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'bench-gateway-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const { keyPath, certPath } = makeCertificate(directory, 'slack.com')
  const tls = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    tls: { key: Bun.file(keyPath), cert: Bun.file(certPath) },
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      const body = await request.text()
      return fetch(`${new URL(pathname, apiUrl)}${search}`, { method: 'POST', body })
    },
  })
  stack.defer(() => tls.stop(true))
  const sockets = new Set<Socket>()
  const proxy = createServer((client) => passOn(client, Number(tls.port), sockets))
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  stack.defer(() => {
    proxy.close()
    for (const socket of sockets) socket.destroy()
  })
  const address = proxy.address()
  if (address === null || typeof address === 'string') throw new Error('The proxy does not listen')
  const owned = stack.move()
  return {
    proxyUrl: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Answers CONNECT, whatever it names, and passes the rest on as it is. */
function passOn(client: Socket, tlsPort: number, sockets: Set<Socket>): void {
  sockets.add(client)
  client.on('error', () => client.destroy())
  client.on('close', () => sockets.delete(client))
  client.once('data', () => {
    const upstream = netConnect(tlsPort, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      client.pipe(upstream).pipe(client)
    })
    upstream.on('error', () => client.destroy())
    client.on('close', () => upstream.destroy())
  })
}
