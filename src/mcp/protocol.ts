import type { Clock } from '../base/clock.ts'
import type { Ids } from '../base/ids.ts'
import type { Logger } from '../observe/logger.ts'
import type { ChangeDesk } from './change-desk.ts'
import type { EventLog } from './event-log.ts'
import { createLegacyLeg, type LegacyLeg, type SessionMode } from './legacy-leg.ts'
import type { LegacySession } from './legacy-session.ts'
import { createModernLeg, type ModernLeg } from './modern-leg.ts'
import type { OperationMeter } from './operation-meter.ts'
import type { NoteRefusal } from './refusal-note.ts'
import type { SessionLimits, SessionTable } from './session-table.ts'
import { createSseLeg, type SseLeg } from './sse-leg.ts'
import type { Surface } from './surface.ts'

export interface ProtocolDeps {
  readonly surface: Surface
  readonly desk: ChangeDesk
  readonly sessions: SessionTable<LegacySession>
  readonly eventLog: EventLog
  readonly mode: SessionMode
  /** Where the messages endpoint of legacy SSE is for clients; undefined where there is no legacy SSE. */
  readonly messagesPath: string | undefined
  readonly limits: SessionLimits
  readonly stateKey: () => string
  readonly drainDeadlineMs: number
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
  readonly measure: OperationMeter
  readonly noteRefusal: NoteRefusal
}

/** Everything that speaks MCP by an SDK. */
export interface Protocol {
  readonly modern: ModernLeg
  readonly legacy: LegacyLeg
  readonly sse: SseLeg | undefined
}

/**
 * The module that brings both SDKs in for HTTP. They cost a third of the start of the process and 7 MB, so `mcp-server.ts` imports it when the first
 * client is let in: a probe, a webhook and a refused request never wait for it.
 */
export function createProtocol(deps: ProtocolDeps): Protocol {
  const { messagesPath } = deps
  return {
    modern: createModernLeg(deps),
    legacy: createLegacyLeg(deps),
    sse: messagesPath === undefined ? undefined : createSseLeg({ ...deps, messagesPath }),
  }
}
