import { signBody } from '../../src/slack/signature.ts'

/** The secret that test requests are signed with where a test does not bring its own. */
export const testSigningSecret = 'test-signing-secret-0123456789abcdef'

export interface SignedRequestOptions {
  readonly signingSecret?: string
  /** Wall clock of the receiver, milliseconds; what the timestamp header is made of. */
  readonly nowMs: number
  readonly url?: string
  readonly method?: string
  /** Added to, or put in place of, the headers that Slack sends. An empty value removes the header. */
  readonly headers?: Readonly<Record<string, string>>
}

/** A request as Slack sends it, for `app.handle(…)`: signed over the exact bytes of `body` (objects are serialised first). */
export function signedRequest(body: string | Uint8Array | object, options: SignedRequestOptions): Request {
  const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
  const timestamp = Math.floor(options.nowMs / 1000)
  const headers = new Headers({
    accept: '*/*',
    'content-type': 'application/json',
    'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
    'x-slack-request-timestamp': String(timestamp),
    'x-slack-signature': signBody(options.signingSecret ?? testSigningSecret, timestamp, bytes),
  })
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (value === '') headers.delete(name)
    else headers.set(name, value)
  }
  const method = options.method ?? 'POST'
  return new Request(options.url ?? 'http://localhost/slack/events', {
    method,
    headers,
    ...(method !== 'GET' && method !== 'HEAD' && { body: bytes }),
  })
}

export interface EventCallbackFields {
  readonly eventId: string
  readonly event?: Readonly<Record<string, unknown>>
  readonly teamId?: string
  /** Whole seconds. */
  readonly eventTime?: number
}

/** A minimal but complete event_callback; the inner event defaults to a message in a channel. */
export function eventCallback({
  eventId,
  event = {},
  teamId = 'T0TEST00001',
  eventTime = 1_700_000_000,
}: EventCallbackFields) {
  return {
    token: 'verification-token',
    team_id: teamId,
    context_team_id: teamId,
    context_enterprise_id: null,
    api_app_id: 'A0TEST00001',
    event: {
      type: 'message',
      user: 'U0TEST00001',
      text: 'hello',
      ts: `${eventTime}.000100`,
      team: teamId,
      channel: 'C0TEST00001',
      event_ts: `${eventTime}.000100`,
      channel_type: 'channel',
      ...event,
    },
    type: 'event_callback',
    event_id: eventId,
    event_time: eventTime,
    authorizations: [
      {
        enterprise_id: null,
        team_id: teamId,
        user_id: 'U0TESTBOT01',
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    is_ext_shared_channel: false,
    event_context: '4-test',
  }
}
