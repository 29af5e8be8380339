import type { EventEnvelope } from '../../src/demo/event-envelope.ts'
import {
  createDemoWorkspace,
  type DemoWorkspace,
  type DemoWorkspaceOptions,
} from '../../src/demo/workspace.ts'
import { FakeClock } from './fake-clock.ts'
import { sequentialIds } from './sequential-ids.ts'

export type DemoAnswer = Readonly<Record<string, unknown>> & { readonly ok: boolean; readonly error?: string }

export interface DemoBench {
  readonly clock: FakeClock
  readonly workspace: DemoWorkspace
  /** Every event since the start. */
  readonly events: readonly EventEnvelope[]
  /** A call with the bot's token, form-encoded as web-api sends it. */
  call(method: string, params?: Readonly<Record<string, string>>): Promise<DemoAnswer>
  /** The same with Ana's token. */
  callAsUser(method: string, params?: Readonly<Record<string, string>>): Promise<DemoAnswer>
}

/** A demo workspace with a clock that stands still and ids that count. */
export function demoBench(options: Partial<DemoWorkspaceOptions> = {}): DemoBench {
  const clock = new FakeClock()
  const workspace = createDemoWorkspace({ clock, ids: sequentialIds(), ...options })
  const events: EventEnvelope[] = []
  workspace.onEvent((envelope) => events.push(envelope))
  const callWith = async (token: string, method: string, params: Readonly<Record<string, string>> = {}) => {
    const response = await workspace.handle(formRequest(method, params, token))
    return (await response.json()) as DemoAnswer
  }
  return {
    clock,
    workspace,
    events,
    call: (method, params) => callWith(workspace.botToken, method, params),
    callAsUser: (method, params) => callWith(workspace.userToken, method, params),
  }
}

export function formRequest(
  method: string,
  params: Readonly<Record<string, string>>,
  token?: string,
): Request {
  return new Request(`http://127.0.0.1/api/${method}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: new URLSearchParams(params),
  })
}
