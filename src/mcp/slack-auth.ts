import { BoundedMap } from '../base/bounded-map.ts'
import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { isObject } from '../base/json-object.ts'
import type { Metrics } from '../observe/metrics.ts'
import {
  readSignatureClaim,
  type SignatureClaim,
  type SignatureFault,
  type SigningKeys,
  signatureFaultReasons,
  verifySignature,
} from '../slack/signature.ts'
import { unrestrictedPolicy } from './auth.ts'
import type { Principal, SlackUser } from './registry.ts'

export interface SlackAuthOptions {
  /** Asked at every request, so that a reload of the secrets takes effect. */
  readonly signingKeys: () => SigningKeys
  /** Whether calls for this user may use our token: an app can be installed in more workspaces than the one the token belongs to. */
  readonly isAllowed: (user: SlackUser) => boolean
  readonly clock: Clock
  readonly metrics: Metrics
}

/**
 * Slack's own MCP client: it signs each POST with the app's signing secret, as Slack signs events, and names the user it calls for inside the
 * body. Only what is proven to be signed is believed. https://docs.slack.dev/ai/slackbot-mcp-client
 */
export interface SlackAuth {
  /** Whether the request says that Slack signed it. */
  isFor(request: Request): boolean
  /** By the headers alone, before the body is read. Throws MCP_UNAUTHORIZED. */
  claim(request: Request): SignatureClaim
  /** Before the bytes are parsed. Throws MCP_UNAUTHORIZED where Slack did not sign them. */
  prove(claim: SignatureClaim, bytes: Uint8Array): ProvenClaim
  /** Who the proven body calls for. Throws MCP_UNAUTHORIZED where it names no user, MCP_FORBIDDEN for a foreign one. */
  principalOf(claim: ProvenClaim, body: unknown): Principal
  /** From now on the signature is a replay. For requests that were let in: one that was refused did nothing, and may come again as it is. */
  remember(claim: ProvenClaim): void
}

declare const proven: unique symbol

/** A claim whose bytes Slack signed. Made by `prove` alone. */
export interface ProvenClaim extends SignatureClaim {
  readonly [proven]: true
}

/** A signature seen again within this time is a replay, or Slack's retry: it may read and not write. */
const replayWindowMs = 10 * 60_000
const signaturesMax = 100_000

export function createSlackAuth({ signingKeys, isAllowed, clock, metrics }: SlackAuthOptions): SlackAuth {
  const seen = new BoundedMap<string, true>({ entriesMax: signaturesMax, ttlMs: replayWindowMs, clock })
  const refuse = (fault: SignatureFault | 'no_user'): AppError => {
    const reason = fault === 'no_user' ? 'bad_signature' : signatureFaultReasons[fault]
    metrics.increment('slackmcp_auth_failures_total', { surface: 'mcp', reason })
    return new AppError('MCP_UNAUTHORIZED', { cause: fault, details: { reason: 'slack_signature' } })
  }
  return {
    isFor: (request) => request.headers.has('x-slack-signature') && !request.headers.has('authorization'),
    claim(request) {
      const claim = readSignatureClaim(request.headers, clock.now())
      if (typeof claim === 'string') throw refuse(claim)
      return claim
    },
    prove(claim, bytes) {
      if (verifySignature(claim, bytes, signingKeys()) === undefined) throw refuse('mismatch')
      return claim as ProvenClaim
    },
    principalOf(claim, body) {
      const slackUser = parseSlackUser(body)
      if (slackUser === undefined) throw refuse('no_user')
      if (!isAllowed(slackUser)) {
        metrics.increment('slackmcp_auth_failures_total', { surface: 'mcp', reason: 'forbidden' })
        throw new AppError('MCP_FORBIDDEN', { details: { reason: 'foreign_workspace' } })
      }
      const isReplayed = seen.has(keyOf(claim))
      return {
        name: `slack:${slackUser.teamId}:${slackUser.userId}`,
        policy: { ...unrestrictedPolicy, isReadOnly: isReplayed },
        slackUser,
      }
    },
    remember: (claim) => seen.set(keyOf(claim), true),
  }
}

function keyOf({ digest }: ProvenClaim): string {
  return Buffer.from(digest).toString('hex')
}

/** `params._meta.slack` of the one message. Ids are matched strictly: they become names of principals, in logs and keys. */
function parseSlackUser(body: unknown): SlackUser | undefined {
  const params = isObject(body) ? body['params'] : undefined
  const meta = isObject(params) ? params['_meta'] : undefined
  const slack = isObject(meta) ? meta['slack'] : undefined
  if (!isObject(slack)) return undefined
  const { user_id: userId, team_id: teamId, enterprise_id: enterpriseId } = slack
  if (!isId(userId, /^[UW][A-Z0-9]{2,20}$/) || !isId(teamId, /^T[A-Z0-9]{2,20}$/)) return undefined
  return { userId, teamId, enterpriseId: isId(enterpriseId, /^E[A-Z0-9]{2,20}$/) ? enterpriseId : undefined }
}

function isId(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value)
}
