import { createServer, connect as netConnect, type Server, type Socket } from 'node:net'

/** What becomes of the replies to a request: passed on, lost with the connection once Redis has answered, or kept back while it stays open. */
export type ReplyFate = 'pass' | 'lose' | 'withhold'

/** Stands between us and Redis, so that a reply can get lost although Redis did what was asked. */
export class RedisProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Judged for each piece of text that goes to Redis. */
  judge: (request: string) => ReplyFate = () => 'pass'
  /** Replies that pass may be changed, to the same length. */
  rewrite: (reply: string) => string = (reply) => reply
  /** Replies that did not arrive. */
  lostCount = 0

  private constructor(targetPort: number) {
    this.#server = createServer((client) => this.#join(client, targetPort))
  }

  static async start(targetPort: number): Promise<RedisProxy> {
    const proxy = new RedisProxy(targetPort)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('The proxy is closed')
    return `redis://127.0.0.1:${address.port}`
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #join(client: Socket, targetPort: number): void {
    const redis = netConnect(targetPort, '127.0.0.1')
    let fate: ReplyFate = 'pass'
    const end = () => {
      for (const socket of [client, redis]) {
        socket.destroy()
        this.#sockets.delete(socket)
      }
    }
    for (const socket of [client, redis]) {
      this.#sockets.add(socket)
      socket.on('error', end)
      socket.on('close', end)
    }
    client.on('data', (chunk) => {
      if (fate === 'pass') fate = this.judge(chunk.toString('latin1'))
      redis.write(chunk)
    })
    redis.on('data', (chunk) => {
      if (fate === 'pass') {
        client.write(Buffer.from(this.rewrite(chunk.toString('latin1')), 'latin1'))
        return
      }
      this.lostCount++
      if (fate === 'lose') end()
    })
  }
}
