import { signBody } from '../../../src/slack/signature.ts'
import { eventCallback } from '../../support/signed-sender.ts'

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
  const channel = `C0BENCH${String(number % channelCount).padStart(4, '0')}`
  const json = JSON.stringify(
    eventCallback({ eventId: `Ev${String(number).padStart(12, '0')}`, event: { channel, text: '~' } }),
  )
  return json.replace('~', 'x'.repeat(bodyBytes - json.length + 1))
}
