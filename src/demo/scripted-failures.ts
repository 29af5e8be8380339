/** How a call is to fail: Slack's error code (HTTP 200), an HTTP status, or a whole answer. 429 without headers asks for one second. */
export type ScriptedFailure =
  | string
  | number
  | {
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }

/** Failures waiting at one method, first come first served. */
const failuresMax = 1_000

export interface ScriptedFailures {
  /** Throws RangeError where more failures wait than any test needs. */
  add(method: string, failure: ScriptedFailure, times?: number): void
  /** The answer of the next scripted failure of `method`; undefined where none waits. */
  take(method: string): Response | undefined
}

export function createScriptedFailures(): ScriptedFailures {
  const waiting = new Map<string, ScriptedFailure[]>()
  return {
    add(method, failure, times = 1) {
      const failures = waiting.get(method) ?? []
      if (failures.length + times > failuresMax) throw new RangeError('Too many failures are scripted')
      waiting.set(method, [...failures, ...Array.from({ length: times }, () => failure)])
    },
    take(method) {
      const failures = waiting.get(method)
      const failure = failures?.shift()
      if (failures?.length === 0) waiting.delete(method)
      return failure === undefined ? undefined : asResponse(failure)
    },
  }
}

function asResponse(failure: ScriptedFailure): Response {
  if (typeof failure === 'string') {
    return Response.json({ ok: false, error: failure }, { headers: { 'x-slack-failure': failure } })
  }
  const { status, headers, body } =
    typeof failure === 'number' ? { status: failure, headers: undefined, body: undefined } : failure
  const isRateLimit = status === 429
  return new Response(body ?? (isRateLimit ? '{"ok":false,"error":"ratelimited"}' : ''), {
    status,
    headers: { ...(isRateLimit && { 'retry-after': '1', 'content-type': 'application/json' }), ...headers },
  })
}
