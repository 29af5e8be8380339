import type { BenchCase } from './bench-case.ts'
import { mcpCall } from './cases/mcp-call.ts'
import { webhookDurable } from './cases/webhook-durable.ts'
import { webhookMemory } from './cases/webhook-memory.ts'

/** Every case, by the name that `bun run bench --case NAME` takes, in the order of the report. */
export const caseTable: Readonly<Record<string, BenchCase>> = {
  webhook: webhookMemory,
  durable: webhookDurable,
  'mcp-call': mcpCall,
}
