import type { EventEnvelope } from '../../src/demo/event-envelope.ts'
import {
  createDemoWorkspace,
  type DemoWorkspace,
  type DemoWorkspaceOptions,
} from '../../src/demo/workspace.ts'
import { FakeClock } from './fake-clock.ts'
import { sequentialIds } from './sequential-ids.ts'

/** An answer with `Fields`, which whoever calls expects and does not check: a test that reads another shape fails by itself. */
export type DemoAnswer<Fields = object> = Readonly<Record<string, unknown>> & {
  readonly ok: boolean
  readonly error?: string
} & Fields

type Call = <Fields = object>(
  method: string,
  params?: Readonly<Record<string, string>>,
) => Promise<DemoAnswer<Fields>>

export interface DemoBench {
  readonly clock: FakeClock
  readonly workspace: DemoWorkspace
  /** Every event since the start. */
  readonly events: readonly EventEnvelope[]
  /** A call with the bot's token, form-encoded as web-api sends it. */
  readonly call: Call
  /** The same with Ana's token. */
  readonly callAsUser: Call
}

/** A demo workspace with a clock that stands still and ids that count. */
export function demoBench(options: Partial<DemoWorkspaceOptions> = {}): DemoBench {
  const clock = new FakeClock()
  const workspace = createDemoWorkspace({ clock, ids: sequentialIds(), ...options })
  const events: EventEnvelope[] = []
  workspace.onEvent((envelope) => events.push(envelope))
  const callWith =
    (token: string): Call =>
    async <Fields>(method: string, params: Readonly<Record<string, string>> = {}) => {
      const response = await workspace.handle(formRequest(method, params, token))
      return (await response.json()) as DemoAnswer<Fields>
    }
  return {
    clock,
    workspace,
    events,
    call: callWith(workspace.botToken),
    callAsUser: callWith(workspace.userToken),
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
