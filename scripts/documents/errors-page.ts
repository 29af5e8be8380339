import { type ErrorRow, errorTable } from '../../src/base/error-table.ts'
import { cell, code, madeFrom, page, prose, table } from './markdown.ts'

const introduction = `Every error answer has this body. The code is a promise: codes are added, never renamed or reused.

\`\`\`json
{
  "error": {
    "code": "QUEUE_UNAVAILABLE",
    "message": "The event could not be stored. It was not acknowledged, so Slack sends it again.",
    "component": "webhook",
    "details": {},
    "correlation_id": "5f0c6d9e-3d55-4a53-8f5d-0d2b0a3b6a2e"
  }
}
\`\`\`

On MCP routes a protocol fault is a JSON-RPC error whose \`error.data\` is this body, and what a caller can act on is a failed tool result that holds
it. \`details\` depends on the error: what Slack said, which field is wrong, \`retry_after_s\`. The log has every error under its \`correlation_id\`.

"Again" says whether the same request may succeed later without being changed.`

/** docs/errors.md */
export function renderErrorsPage(): string {
  const rows = Object.entries<ErrorRow>(errorTable)
  return page([
    madeFrom('src/base/error-table.ts'),
    '# Errors',
    introduction,
    table(
      ['Code', 'Status', 'Component', 'Again', 'Message'],
      rows.map(([name, row]) => [
        `[${code(name)}](#${name.toLowerCase()})`,
        String(row.status),
        row.component,
        row.retryable ? 'yes' : 'no',
        cell(row.message),
      ]),
    ),
    ...rows.flatMap(([name, row]) => [
      `## ${name}`,
      prose(row.message),
      `**Why:** ${prose(row.cause)}`,
      `**What to do:** ${prose(row.fix)}`,
    ]),
  ])
}
