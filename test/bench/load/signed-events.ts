import { signBody } from '../../../src/slack/signature.ts'
import { eventCallback, testSigningSecret } from '../../support/signed-sender.ts'

/** Slack's posts of message events, each another event, over the wire as Slack sends them. */

const bodyBytes = 1024
const channelCount = 50

let sentCount = 0

/** The next event's request: signed now, so that it is good for five minutes. All are equally long. */
export function signedEventRequest(signingSecret: string, nowSeconds: number): string {
  const body = eventBody(++sentCount)
  const head = [
    'POST /slack/events HTTP/1.1',
    'Host: localhost',
    'Accept: */*',
    'Accept-Encoding: gzip,deflate',
    'User-Agent: Slackbot 1.0 (+https://api.slack.com/robots)',
    'Content-Type: application/json',
    `X-Slack-Request-Timestamp: ${nowSeconds}`,
    `X-Slack-Signature: ${signBody(signingSecret, nowSeconds, body)}`,
    `Content-Length: ${body.length}`,
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

/** Exactly 1,024 bytes of ASCII: the text fills up what the rest leaves. */
function eventBody(number: number): string {
  const json = JSON.stringify(
    eventCallback({
      eventId: `Ev${String(number).padStart(12, '0')}`,
      event: { channel: channelOf(number), text: '~' },
    }),
  )
  return json.replace('~', 'x'.repeat(bodyBytes - json.length + 1))
}

/** The channel of the events of `postSignedEvent`, and of one in fifty of the others. */
export const eventChannel = channelOf(0)

/** Posts one more event, in `eventChannel`. Rejects where it is not taken. */
export async function postSignedEvent(origin: string): Promise<void> {
  const inChannel = sentCount + channelCount - (sentCount % channelCount)
  sentCount = inChannel
  await postEvent(origin, inChannel)
}

const postsAtOnce = 16

/** Posts that many more events, a few at once, in all channels: for work too short for a load. */
export async function postSignedEvents(origin: string, count: number): Promise<void> {
  const until = sentCount + count
  const sender = async () => {
    while (sentCount < until) await postNextEvent(origin)
  }
  await Promise.all(Array.from({ length: postsAtOnce }, sender))
}

/** Posts one more event, in the next channel. Rejects where it is not taken. */
export function postNextEvent(origin: string): Promise<void> {
  return postEvent(origin, ++sentCount)
}

async function postEvent(origin: string, number: number): Promise<void> {
  const body = eventBody(number)
  const timestamp = Math.floor(Date.now() / 1000)
  const response = await fetch(`${origin}/slack/events`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-slack-request-timestamp': String(timestamp),
      'x-slack-signature': signBody(testSigningSecret, timestamp, body),
    },
    body,
  })
  if (!response.ok) throw new Error(`The event was refused: ${response.status} ${await response.text()}`)
  await response.arrayBuffer()
}

function channelOf(number: number): string {
  return `C0BENCH${String(number % channelCount).padStart(4, '0')}`
}
