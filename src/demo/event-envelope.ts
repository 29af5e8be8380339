import type { Ids } from '../base/ids.ts'
import { demoApp, demoTeam } from './seed-table.ts'
import type { InnerEvent } from './workspace-state.ts'

/** The body that Slack posts for one event. https://docs.slack.dev/apis/events-api#events-JSON */
export interface EventEnvelope {
  readonly token: string
  readonly team_id: string
  readonly context_team_id: string
  readonly context_enterprise_id: null
  readonly api_app_id: string
  readonly event: InnerEvent
  readonly type: 'event_callback'
  readonly event_id: string
  /** Whole seconds. */
  readonly event_time: number
  readonly authorizations: readonly Authorization[]
  readonly is_ext_shared_channel: boolean
  readonly event_context: string
}

interface Authorization {
  readonly enterprise_id: null
  readonly team_id: string
  readonly user_id: string
  readonly is_bot: boolean
  readonly is_enterprise_install: boolean
}

/** The retired verification token that every body still carries; the signature is what counts. */
const verificationToken = 'demo-verification-token'

export function wrapEvent(event: InnerEvent, channelId: string, nowMs: number, ids: Ids): EventEnvelope {
  return {
    token: verificationToken,
    team_id: demoTeam.id,
    context_team_id: demoTeam.id,
    context_enterprise_id: null,
    api_app_id: demoApp.appId,
    event,
    type: 'event_callback',
    // Random, not counted: a durable queue remembers the ids of an earlier demo.
    event_id: `Ev${ids.uuid().slice(-12).toUpperCase()}`,
    event_time: Math.floor(nowMs / 1000),
    authorizations: [
      {
        enterprise_id: null,
        team_id: demoTeam.id,
        user_id: demoApp.userId,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    is_ext_shared_channel: false,
    event_context: asEventContext(event.type, channelId),
  }
}

function asEventContext(type: string, channelId: string): string {
  const context = { et: type, tid: demoTeam.id, aid: demoApp.appId, cid: channelId }
  return `4-${Buffer.from(JSON.stringify(context)).toString('base64')}`
}

/** The handshake that Slack sends when a request URL is entered. */
export function renderUrlVerification(challenge: string): string {
  return JSON.stringify({ token: verificationToken, challenge, type: 'url_verification' })
}
