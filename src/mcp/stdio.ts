import { createRequestStateCodec } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import type { Clock } from '../base/clock.ts'
import type { Ids } from '../base/ids.ts'
import type { Logger } from '../observe/logger.ts'
import { unrestrictedPolicy } from './auth.ts'
import { type ChangeDesk, type Listener, WatchedResources } from './change-desk.ts'
import type { RoundState } from './modern-asking.ts'
import { OfferServer } from './modern-server.ts'
import type { OperationMeter } from './operation-meter.ts'
import type { NoteRefusal } from './refusal-note.ts'
import type { ChangeNotice, Principal } from './registry.ts'
import { type StdioPipe, StdioTransport } from './stdio-transport.ts'
import type { Surface } from './surface.ts'

export interface StdioDeps {
  readonly surface: Surface
  readonly desk: ChangeDesk
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
  readonly stateKey: () => string
  readonly drainDeadlineMs: number
  readonly inFlightMax: number
  readonly measure: OperationMeter
  readonly noteRefusal: NoteRefusal
}

/** Whoever started the process holds its credentials anyway (the specification wants no authentication here). */
const stdioPrincipal: Principal = { name: 'stdio', policy: unrestrictedPolicy }

/** Serves both eras over a pipe, whichever the client opens with. Resolves at the end of the input, or soon after `signal` aborts. */
export async function serveMcpOverStdio(
  pipe: StdioPipe,
  signal: AbortSignal,
  deps: StdioDeps,
): Promise<void> {
  const codec = createRequestStateCodec<RoundState>({
    key: deps.stateKey(),
    bind: () => stdioPrincipal.name,
  })
  const transport = new StdioTransport({ ...deps, pipe })
  const listeners = new Set<Listener>()
  const handle = serveStdio(
    ({ era }) => {
      transport.era = era
      const watched = era === 'legacy' ? new WatchedResources(deps.desk) : undefined
      const server = new OfferServer({
        ...deps,
        codec,
        era,
        callOf: () => ({ principal: stdioPrincipal, correlationId: deps.ids.uuid() }),
        subscriptions: watched,
        method: undefined,
      })
      const listener: Listener = {
        principal: stdioPrincipal,
        // Over a pipe the newer revision's SDK filters what its one client asked to hear.
        uris: watched?.uris ?? 'everything',
        hear: (notice) => tell(server, notice),
      }
      listeners.add(listener)
      deps.desk.add(listener)
      return server
    },
    { transport, onerror: (error) => deps.log.debug('mcp_stdio_refused', { error }) },
  )
  const stop = () => {
    handle.close().catch(() => undefined)
  }
  signal.addEventListener('abort', stop, { once: true })
  await transport.closed
  signal.removeEventListener('abort', stop)
  for (const listener of listeners) deps.desk.remove(listener)
}

/** A server that has no connection yet, or any more, has nobody to tell. */
function tell({ server }: OfferServer, notice: ChangeNotice): void {
  const sent = () => {
    switch (notice.kind) {
      case 'resource_updated':
        return server.sendResourceUpdated({ uri: notice.uri })
      case 'tools_changed':
        return server.sendToolListChanged()
      case 'prompts_changed':
        return server.sendPromptListChanged()
      case 'resources_changed':
        return server.sendResourceListChanged()
    }
  }
  sent().catch(() => undefined)
}
