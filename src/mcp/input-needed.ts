import type { ClientRequest } from './registry.ts'

/**
 * Ends a call of the 2026-07-28 revision that waits for the client's side: the client fulfils the requests and calls again. Thrown by a
 * binding's `ask`, caught by the same binding; no error, so nothing in between may turn it into one.
 */
export class InputNeeded extends Error {
  override readonly name = 'InputNeeded'
  readonly requests: Readonly<Record<string, ClientRequest>>

  constructor(requests: Readonly<Record<string, ClientRequest>>) {
    super('The call goes on once the client has answered')
    this.requests = requests
  }
}
