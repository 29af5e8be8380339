import { createServer, type Server, type Socket } from 'node:net'

/** What the stub does with one request. Written on the socket: no HTTP library would let these rules be broken. */
export interface Fault {
  /** Whether it ends the answer, so that the connection is free again. */
  readonly isAnswer: boolean
  run(socket: Socket): void
}

export interface FaultRequest {
  readonly method: string
  readonly params: Readonly<Record<string, string>>
  readonly head: string
  /** 1 for the first connection that was opened. */
  readonly connection: number
}

/** A Slack on loopback that misbehaves as told: by method, the last fault of a script for ever, `{"ok":true}` where none is given. */
export class FaultSlack {
  readonly requests: FaultRequest[] = []
  readonly #server: Server
  readonly #scripts = new Map<string, Fault[]>()
  readonly #sockets = new Set<Socket>()
  readonly #waiters = new Set<() => void>()
  /** Connections that the other side closed while a request was unanswered. */
  abandonedCount = 0
  connectionCount = 0

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => this.#serve(socket))
  }

  static async start(): Promise<FaultSlack> {
    const server = createServer()
    const stub = new FaultSlack(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
    return stub
  }

  /** Base URL of the Web API. */
  get apiUrl(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('The stub does not listen')
    return `http://127.0.0.1:${address.port}/api/`
  }

  script(method: string, ...faults: readonly Fault[]): void {
    this.#scripts.set(method, [...faults])
  }

  of(method: string): readonly FaultRequest[] {
    return this.requests.filter((request) => request.method === method)
  }

  /** Resolves once `isThere` holds; looked at whenever something happens at the stub. */
  until(isThere: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!isThere()) return
        this.#waiters.delete(look)
        resolve()
      }
      this.#waiters.add(look)
      look()
    })
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #serve(socket: Socket): void {
    const connection = ++this.connectionCount
    let received: Buffer = Buffer.alloc(0)
    let isOpen = false
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      if (isOpen) this.abandonedCount++
      this.#tell()
    })
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      const request = parseRequest(received, connection)
      if (request === undefined) return
      received = Buffer.alloc(0)
      this.requests.push(request)
      const script = this.#scripts.get(request.method) ?? []
      const fault = (script.length > 1 ? script.shift() : script[0]) ?? ok()
      isOpen = !fault.isAnswer
      fault.run(socket)
      this.#tell()
    })
  }

  #tell(): void {
    for (const look of this.#waiters) look()
  }
}

function parseRequest(bytes: Buffer, connection: number): FaultRequest | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const head = bytes.subarray(0, headEnd).toString('latin1')
  const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0)
  const body = bytes.subarray(headEnd + 4)
  if (body.byteLength < length) return undefined
  const method = /^POST \S*\/api\/(\S+) HTTP/.exec(head)?.[1] ?? ''
  return { method, params: Object.fromEntries(new URLSearchParams(body.toString())), head, connection }
}

function answer(statusLine: string, headers: Record<string, string>, body: string): Fault {
  const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(body)) })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return { isAnswer: true, run: (socket) => socket.write(`HTTP/1.1 ${statusLine}\r\n${head}\r\n${body}`) }
}

const json = { 'content-type': 'application/json; charset=utf-8' }

export function ok(body: object = {}, headers: Record<string, string> = {}): Fault {
  return answer('200 OK', { ...json, ...headers }, JSON.stringify({ ok: true, ...body }))
}

export function refused(error: string, more: object = {}): Fault {
  return answer('200 OK', json, JSON.stringify({ ok: false, error, ...more }))
}

export function limited(retryAfterSeconds: number): Fault {
  return answer(
    '429 Too Many Requests',
    { ...json, 'retry-after': String(retryAfterSeconds) },
    '{"ok":false,"error":"ratelimited"}',
  )
}

export function status(code: number, body = 'upstream connect error'): Fault {
  return answer(`${code} Whatever`, { 'content-type': 'text/plain' }, body)
}

/** A 200 that is somebody else's page. */
export function html(page: string): Fault {
  return answer('200 OK', { 'content-type': 'text/html' }, page)
}

export function redirect(location: string): Fault {
  return answer('302 Found', { location }, '')
}

/** Takes the request and says nothing. */
export const hang: Fault = { isAnswer: false, run: () => undefined }

/** Takes the request and resets the connection. */
export const reset: Fault = { isAnswer: false, run: (socket) => socket.resetAndDestroy() }

const begun = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"ok":tr'

/** Begins an answer and closes the connection in the middle of it. */
export const cutOff: Fault = { isAnswer: false, run: (socket) => socket.end(begun) }

/** Begins an answer and never ends it. */
export const slow: Fault = { isAnswer: false, run: (socket) => socket.write(begun) }

/** A JSON answer that goes on for ever: a chunk follows a chunk as long as the other side reads. */
export function endless(chunkBytes: number): Fault {
  const chunk = `${chunkBytes.toString(16)}\r\n${'a'.repeat(chunkBytes)}\r\n`
  const run = (socket: Socket) => {
    const more = () => {
      while (socket.writable && socket.write(chunk)) {
        // The kernel takes it until the reader stops.
      }
    }
    socket.on('drain', more)
    socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n')
    more()
  }
  return { isAnswer: false, run }
}
