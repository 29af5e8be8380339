import type { BenchCase } from './bench-case.ts'
import { fanOut } from './cases/fan-out.ts'
import { growth } from './cases/growth.ts'
import { mcpCall } from './cases/mcp-call.ts'
import { memory } from './cases/memory.ts'
import { soak } from './cases/soak.ts'
import { start } from './cases/start.ts'
import { tokens } from './cases/tokens.ts'
import { webhookDurable } from './cases/webhook-durable.ts'
import { webhookMemory } from './cases/webhook-memory.ts'

/** Every case, by the name that `bun run bench --case NAME` takes, in the order of the report. */
export const caseTable: Readonly<Record<string, BenchCase>> = {
  webhook: webhookMemory,
  durable: webhookDurable,
  'mcp-call': mcpCall,
  'fan-out': fanOut,
  start,
  memory,
  tokens,
  growth,
  soak,
}
