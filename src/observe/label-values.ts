import { errorTable } from '../base/error-table.ts'
import type { MetricName, MetricTable } from './metric-table.ts'

type OpenLabelsOf<Labels> = {
  [Label in keyof Labels]: Labels[Label] extends 'open' ? Label : never
}[keyof Labels]

/** A label whose values are known only at run time. The same name means the same set in every metric. */
export type OpenLabel = { [Name in MetricName]: OpenLabelsOf<MetricTable[Name]['labels']> }[MetricName]

/** What stands for every value that was not registered, so that no caller can mint a label (T32). */
export const otherValue = '_other'

const errorStatuses = Object.values(errorTable).map(({ status }) => String(status))

/** Values that this layer knows by itself; '' means that the label does not apply, in Prometheus the same as absent. */
const knownValues: Readonly<Partial<Record<OpenLabel, readonly string[]>>> = {
  http_request_method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'],
  http_response_status_code: [
    ...['200', '202', '204', '206', '301', '302', '304', '307', '308', '426', '431'],
    ...errorStatuses,
  ],
  code: Object.keys(errorTable),
  // OpenTelemetry: the status for HTTP; for MCP `tool_error`, whatever the tool said, or a code.
  error_type: [...errorStatuses, ...Object.keys(errorTable), 'tool_error'],
}

/** The values that open labels may take. */
export class LabelValues {
  readonly #values = new Map<string, Set<string>>()

  constructor() {
    for (const [label, values] of Object.entries(knownValues)) this.#values.set(label, new Set(values))
  }

  register(label: OpenLabel, values: Iterable<string>): void {
    const known = this.#values.get(label) ?? new Set()
    for (const value of values) known.add(value)
    this.#values.set(label, known)
  }

  /** `value` where it is registered or empty, else `_other`. */
  admit(label: string, value: string): string {
    return value === '' || this.#values.get(label)?.has(value) === true ? value : otherValue
  }
}
