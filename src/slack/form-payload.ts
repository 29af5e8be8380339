import { isObject, type JsonObject } from '../base/json-object.ts'
import { asText, type OtherEnvelope, parseJsonObject } from './envelope.ts'
import type { SignatureClaim, VerifiedBody } from './signature.ts'

/**
 * The payloads that Slack posts as forms: slash commands and interactions. They have no id of their own, so the signature is what deduplication
 * goes by: only a replay of the very same request carries it again.
 * https://docs.slack.dev/interactivity/implementing-slash-commands, https://docs.slack.dev/interactivity/handling-user-interaction
 */

/** A slash command; undefined where the body is no form with a `command`. */
export function parseCommand(body: VerifiedBody, claim: SignatureClaim): OtherEnvelope | undefined {
  const form = parseForm(body.bytes)
  if (form === undefined || asText(form.get('command')) === undefined) return undefined
  return {
    kind: 'other',
    eventId: idOfDigest(claim.digest.toHex()),
    type: 'slash_command',
    teamId: asText(form.get('team_id')),
    channelId: asText(form.get('channel_id')),
  }
}

/** An interaction (`block_actions`, `view_submission`, …); undefined where `payload` is no JSON object with a string `type`. */
export function parseInteraction(body: VerifiedBody, claim: SignatureClaim): OtherEnvelope | undefined {
  const text = parseForm(body.bytes)?.get('payload') ?? undefined
  const payload = text === undefined ? undefined : parseJsonObject(new TextEncoder().encode(text))
  const type = asText(payload?.['type'])
  if (payload === undefined || type === undefined) return undefined
  return {
    kind: 'other',
    eventId: idOfDigest(claim.digest.toHex()),
    type: `interactive:${type}`,
    teamId: asText(objectAt(payload, 'team')?.['id']),
    channelId:
      asText(objectAt(payload, 'channel')?.['id']) ?? asText(objectAt(payload, 'container')?.['channel_id']),
  }
}

/**
 * Slack's check of the certificate, which is not signed: `ssl_check=1`. It gets an empty answer, and nothing else of such a body is ever used, or
 * it would carry a command past the signature.
 */
export function isCertificateCheck(bytes: Uint8Array): boolean {
  return parseForm(bytes)?.get('ssl_check') === '1'
}

function parseForm(bytes: Uint8Array): URLSearchParams | undefined {
  try {
    return new URLSearchParams(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    return undefined
  }
}

/** The id of a form that came with this X-Slack-Signature. */
export function idOfSignature(signature: string): string {
  return idOfDigest(signature.slice('v0='.length))
}

function idOfDigest(hex: string): string {
  return `signature:${hex}`
}

function objectAt(payload: JsonObject, name: string): JsonObject | undefined {
  const value = payload[name]
  return isObject(value) ? value : undefined
}
