import { expect } from 'bun:test'
import { signBody } from '../../src/slack/signature.ts'
import { startServer, testCredentials } from '../support/binary.ts'
import { verifies } from '../support/verifies.ts'

const stalledMax = 1_000
/** The most that the webhook takes: what an attacker would declare. */
const declaredBytes = 1_048_576
const residentBytesMax = 300_000_000
/** Slack gives up after 3 s; an honest event in the middle of the attack has to be far below. */
const eventCount = 50

/** Signed headers: an attacker cannot sign, but its headers look the same until the body is there. */
function head(body: string, contentLength: number): string {
  const timestamp = Math.floor(Date.now() / 1_000)
  const signature = signBody(testCredentials.SLACK_SIGNING_SECRET, timestamp, Buffer.from(body))
  return `POST /slack/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Slack-Request-Timestamp: ${timestamp}\r\nX-Slack-Signature: ${signature}\r\nContent-Length: ${contentLength}\r\n\r\n`
}

/** A connection that sends all of a body but its last byte, as far as the server takes it, and then stands still. */
class StalledConnection {
  /** What the server said before it closed; '' while it waits. */
  answer = ''
  isClosed = false
  readonly #unsent: { bytes: Uint8Array }
  #socket: Bun.Socket | undefined

  constructor(bytes: Uint8Array) {
    this.#unsent = { bytes }
  }

  async open(port: number): Promise<void> {
    this.#socket = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        data: (_socket, data) => {
          this.answer += Buffer.from(data).toString('latin1')
        },
        drain: () => this.#send(),
        close: () => {
          this.isClosed = true
        },
        error: () => {
          this.isClosed = true
        },
      },
    })
    this.#send()
  }

  end(): void {
    this.#socket?.terminate()
  }

  #send(): void {
    const written = this.#socket?.write(this.#unsent.bytes) ?? 0
    this.#unsent.bytes = this.#unsent.bytes.subarray(Math.max(0, written))
  }
}

async function sendEvent(port: number, index: number): Promise<number> {
  const body = JSON.stringify({
    type: 'event_callback',
    event_id: `EvStalled${index}`,
    event: { type: 'message' },
  })
  const timestamp = Math.floor(Date.now() / 1_000)
  const response = await fetch(`http://127.0.0.1:${port}/slack/events`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-slack-request-timestamp': String(timestamp),
      'x-slack-signature': signBody(testCredentials.SLACK_SIGNING_SECRET, timestamp, Buffer.from(body)),
    },
    body,
  })
  await response.text()
  return response.status
}

verifies(
  'http:body:stalled',
  'a thousand senders that stop before the last byte hold less than 300 MB, and events go on',
  async () => {
    const { child, port } = await startServer()
    await using _child = child
    const bytes = Buffer.from(head('x', declaredBytes) + 'x'.repeat(declaredBytes - 1))
    const stalled = Array.from({ length: stalledMax }, () => new StalledConnection(bytes))
    let residentBytesPeak = 0
    const statuses: number[] = []
    try {
      await Promise.all(stalled.map((connection) => connection.open(port)))
      for (let index = 0; index < eventCount; index++) {
        statuses.push(await sendEvent(port, index))
        residentBytesPeak = Math.max(residentBytesPeak, await child.residentBytes())
      }
    } finally {
      for (const connection of stalled) connection.end()
    }
    const refused = stalled.filter(({ answer }) => answer.startsWith('HTTP/1.1 503'))
    process.stdout.write(
      `stalled bodies: ${refused.length} of ${stalledMax} refused, peak ${Math.round(residentBytesPeak / 1e6)} MB\n`,
    )
    expect(statuses).toEqual(Array.from({ length: eventCount }, () => 200))
    expect(residentBytesPeak).toBeLessThan(residentBytesMax)
    expect(refused.length).toBeGreaterThan(stalledMax / 2)
    expect(refused.every(({ isClosed }) => isClosed)).toBe(true)
    expect(stalled.filter(({ answer }) => answer.startsWith('HTTP/1.1 2'))).toEqual([])
  },
  60_000,
)
