/** HTTP as bytes on a socket: for requests that no client library would send. */

export interface RawAnswer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

export interface RawExchange {
  /** Every answer that came, in order. */
  readonly answers: readonly RawAnswer[]
  /** Bytes that are no answer; '' when the framing of the server is right. */
  readonly rest: string
  /** The server closed the connection. False where the deadline ended the wait. */
  readonly isClosed: boolean
}

export interface RawRequest {
  readonly port: number
  /** Latin-1, so that every byte can be written. */
  readonly bytes: string
  /** How long to wait for the close. Default 5 s. */
  readonly deadlineMs?: number
}

/** Sends the bytes and reads until the server closes: tests say `Connection: close` where a well-behaved server would keep the connection. */
export async function exchangeRaw({ port, bytes, deadlineMs = 5_000 }: RawRequest): Promise<RawExchange> {
  const closed = Promise.withResolvers<boolean>()
  let received = ''
  const decode = (data: Uint8Array) => Buffer.from(data).toString('latin1')
  let unsent = Buffer.from(bytes, 'latin1')
  /** As much as the socket takes now; the rest when it has room. */
  const send = (to: Bun.Socket) => {
    unsent = unsent.subarray(Math.max(0, to.write(unsent)))
    to.flush()
  }
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      data: (_socket, data) => {
        received += decode(data)
      },
      drain: send,
      close: () => closed.resolve(true),
      error: () => closed.resolve(true),
    },
  })
  const timer = setTimeout(() => closed.resolve(false), deadlineMs)
  send(socket)
  const isClosed = await closed.promise
  clearTimeout(timer)
  socket.terminate()
  return { ...parseAnswers(received), isClosed }
}

/** Takes answers off the front until what is left is none. */
export function parseAnswers(text: string): Pick<RawExchange, 'answers' | 'rest'> {
  const answers: RawAnswer[] = []
  let rest = text
  for (;;) {
    const taken = takeAnswer(rest)
    if (taken === undefined) return { answers, rest }
    answers.push(taken.answer)
    rest = taken.rest
  }
}

function takeAnswer(text: string): { readonly answer: RawAnswer; readonly rest: string } | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  const match = /^HTTP\/1\.[01] (\d{3})[^\r\n]*\r\n/.exec(text)
  if (headEnd === -1 || match === null) return undefined
  const lines = text.slice(match[0].length, headEnd).split('\r\n')
  const headers = new Map(
    lines
      .filter((line) => line !== '')
      .map((line) => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
      }),
  )
  const after = text.slice(headEnd + 4)
  const { body, rest } =
    headers.get('transfer-encoding') === 'chunked' ? takeChunked(after) : takeCounted(after, headers)
  return { answer: { status: Number(match[1]), headers, body }, rest }
}

function takeCounted(text: string, headers: ReadonlyMap<string, string>): { body: string; rest: string } {
  const length = Number(headers.get('content-length') ?? 0)
  return { body: text.slice(0, length), rest: text.slice(length) }
}

function takeChunked(text: string): { body: string; rest: string } {
  let body = ''
  let rest = text
  for (;;) {
    const size = Number.parseInt(rest, 16)
    const from = rest.indexOf('\r\n') + 2
    if (!(size >= 0) || from === 1) return { body, rest }
    body += rest.slice(from, from + size)
    rest = rest.slice(from + size + 2)
    if (size === 0) return { body, rest }
  }
}
