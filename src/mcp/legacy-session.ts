import type { Server } from '@modelcontextprotocol/sdk/server/index.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { AppError } from '../base/errors.ts'
import { type ChangeDesk, type Listener, WatchedResources } from './change-desk.ts'
import { createLegacyServer } from './legacy-server.ts'
import type { OperationMeter } from './operation-meter.ts'
import type { NoteRefusal } from './refusal-note.ts'
import type { ChangeNotice, Principal } from './registry.ts'
import type { RequestLedger } from './request-ledger.ts'
import type { RpcId } from './rpc.ts'
import type { Session, SessionTransport } from './session-table.ts'
import type { Surface } from './surface.ts'

/** What a transport of the old revisions offers besides the SDK's interface. */
export interface LegacyTransport extends Transport {
  readonly ledger: RequestLedger
  readonly isBusy: boolean
  readonly hasStream: boolean
  /** Called whenever the last request in flight is over. */
  onIdle?: (() => void) | undefined
  release(own: number): void
  end(reason: AppError, lastText?: string): void
}

export interface LegacySessionDeps {
  readonly surface: Surface
  readonly noteRefusal: NoteRefusal
  readonly desk: ChangeDesk
  readonly measure: OperationMeter
}

export interface LegacySessionOptions<Link extends LegacyTransport> {
  readonly id: string
  readonly transport: SessionTransport
  readonly principal: Principal
  readonly link: Link
}

/** The revision that a client without a version header speaks, by the specification. */
export const defaultLegacyVersion = '2025-03-26'

/** One session of the old revisions: its own server object over its own transport, and the resources it watches. */
export class LegacySession<Link extends LegacyTransport = LegacyTransport> implements Session {
  readonly id: string
  readonly transport: SessionTransport
  readonly link: Link
  readonly #desk: ChangeDesk
  readonly #server: Server
  readonly #listener: Listener

  private constructor(options: LegacySessionOptions<Link>, deps: LegacySessionDeps) {
    const { id, transport, principal, link } = options
    this.id = id
    this.transport = transport
    this.link = link
    this.#desk = deps.desk
    const watched = new WatchedResources(deps.desk)
    this.#server = createLegacyServer({
      surface: deps.surface,
      noteRefusal: deps.noteRefusal,
      subscriptions: watched,
      callOf: (own: RpcId) => link.ledger.callOf(own),
      releaseConnection: (own: RpcId) => link.release(Number(own)),
      version: () => link.ledger.negotiatedVersion ?? defaultLegacyVersion,
    })
    this.#listener = { principal, uris: watched.uris, hear: (notice) => this.#hear(notice) }
  }

  /** Without a session id the session is over with its one POST, and hears of no changes. */
  static async open<Link extends LegacyTransport>(
    options: LegacySessionOptions<Link>,
    deps: LegacySessionDeps,
  ): Promise<LegacySession<Link>> {
    const session = new LegacySession(options, deps)
    await session.#server.connect(options.link)
    if (options.link.sessionId === undefined)
      options.link.onIdle = () => session.end(new AppError('MCP_SESSION_NOT_FOUND'))
    else deps.desk.add(session.#listener)
    return session
  }

  get isBusy(): boolean {
    return this.link.isBusy
  }

  get hasStream(): boolean {
    return this.link.hasStream
  }

  end(reason: AppError, lastText?: string): void {
    this.#desk.remove(this.#listener)
    this.link.end(reason, lastText)
  }

  #hear(notice: ChangeNotice): void {
    // The session may end while the notice is on its way; then there is nobody to tell.
    this.#send(notice).catch(() => undefined)
  }

  #send(notice: ChangeNotice): Promise<void> {
    switch (notice.kind) {
      case 'resource_updated':
        return this.#server.sendResourceUpdated({ uri: notice.uri })
      case 'tools_changed':
        return this.#server.sendToolListChanged()
      case 'prompts_changed':
        return this.#server.sendPromptListChanged()
      case 'resources_changed':
        return this.#server.sendResourceListChanged()
    }
  }
}
