import type { Logger } from '../observe/logger.ts'
import type { SignatureFault } from '../slack/signature.ts'
import { RefusalLog, type RefusedAt } from './refusal-log.ts'

/** So many well-formed requests that do not match, and none that does, mean a wrong secret rather than forgers. */
const mismatchesBeforeAdvice = 5

/**
 * Tells the operator of refused signatures: each reason at most once a minute, and once what the commonest mistake is, a signing secret of
 * another app. Slack shows a receiver's 401s nowhere, and switches events off when they go on.
 */
export class SecretAdvisor {
  readonly #log: Logger
  readonly #refusals: RefusalLog
  #mismatches = 0
  #isSilent = false

  constructor(log: Logger) {
    this.#log = log
    this.#refusals = new RefusalLog(log)
  }

  /** A valid signature was seen: the secret is right, whoever sends the others. */
  sawValid(): void {
    this.#isSilent = true
  }

  /** The secrets were replaced: nothing is known of the new ones. */
  forget(): void {
    this.#mismatches = 0
    this.#isSilent = false
  }

  sawFault(fault: SignatureFault, at: RefusedAt): void {
    this.#refusals.note(fault, at)
    if (this.#isSilent || fault !== 'mismatch' || ++this.#mismatches < mismatchesBeforeAdvice) return
    this.#isSilent = true
    this.#log.warn('webhook_signing_secret_suspected', {
      correlation_id: at.correlationId,
      variable: 'SLACK_SIGNING_SECRET',
      mismatches: this.#mismatches,
      advice:
        'No request has matched the signing secret since it was read. Compare SLACK_SIGNING_SECRET with "Basic Information > App Credentials > Signing Secret" of the Slack app.',
    })
  }
}
