import type { ErrorComponent } from '../base/error-table.ts'
import type { EventSource } from '../queue/driver.ts'
import { type Envelope, parseEnvelope } from '../slack/envelope.ts'
import { parseCommand, parseInteraction } from '../slack/form-payload.ts'
import type { SignatureClaim, VerifiedBody } from '../slack/signature.ts'

/** One of the three things that Slack posts, and what it looks like. */
export interface Intake {
  readonly path: string
  readonly source: EventSource
  readonly mediaType: string
  /** What the signed bytes say; undefined where they are not what Slack sends here. */
  parse(body: VerifiedBody, claim: SignatureClaim): Envelope | undefined
  /** Whether Slack checks the certificate here by an unsigned form. */
  readonly hasCertificateCheck: boolean
}

const formType = 'application/x-www-form-urlencoded'

/** Where Slack posts what. */
export const intakes = {
  events: {
    path: '/slack/events',
    source: 'events',
    mediaType: 'application/json',
    parse: parseEnvelope,
    hasCertificateCheck: false,
  },
  commands: {
    path: '/slack/commands',
    source: 'commands',
    mediaType: formType,
    parse: parseCommand,
    hasCertificateCheck: true,
  },
  interactivity: {
    path: '/slack/interactivity',
    source: 'interactivity',
    mediaType: formType,
    parse: parseInteraction,
    hasCertificateCheck: true,
  },
} as const satisfies Record<EventSource, Intake>

/** Which half an error belongs to that no route threw: a wrong method at one of Slack's paths is the webhook's. */
export function componentOfPath(path: string): ErrorComponent {
  return Object.values(intakes).some((intake) => intake.path === path) ? 'webhook' : 'server'
}
