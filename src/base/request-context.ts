/** What the edge knows about a request before any route sees it. */
export interface RequestContext {
  /** A UUID: the caller's X-Correlation-Id where it is one, else fresh (S70). On every log line, error body and answer header of the request. */
  readonly correlationId: string
  /** Monotonic milliseconds at which the request arrived. */
  readonly startedAtMs: number
  /** The peer's address, or the forwarded one where the peer is a trusted proxy; undefined where there is no socket (tests). */
  readonly address: string | undefined
}

/** How routes get the context that the edge made for a request. */
export interface RequestContexts {
  of(request: Request): RequestContext
}
