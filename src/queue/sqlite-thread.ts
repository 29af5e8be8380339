import type { WriterAnswer, WriterEnvelope } from './sqlite-protocol.ts'

/** A writer at the other end of a line; a thread outside of tests. */
export interface WriterPort {
  send(envelope: WriterEnvelope): void
  /** Ends it, whatever it does. */
  terminate(): void
}

export interface WriterPortEvents {
  readonly onAnswer: (answer: WriterAnswer) => void
  /** It ended by itself: nothing that was sent is answered any more. */
  readonly onEnd: (reason: string) => void
}

export type OpenWriterPort = (events: WriterPortEvents) => WriterPort

/**
 * Where the compiled binary holds the writer: scripts/build.ts passes src/queue/sqlite-writer.ts as an entry point beside src/main.ts, and Bun
 * names it by its path below their common folder. `import.meta.url` cannot say it: with bytecode Bun 1.4.5 bakes in the path of the source at
 * build time (measured). Absolute, since a relative path would be looked for in the working directory too.
 */
const compiledWriterPath = '/$bunfs/root/queue/sqlite-writer.js'

/** Starts the writer thread. */
export const openWriterThread: OpenWriterPort = ({ onAnswer, onEnd }) => {
  const worker = new Worker(
    Bun.isStandaloneExecutable ? compiledWriterPath : new URL('./sqlite-writer.ts', import.meta.url).href,
    { name: 'sqlite-writer' },
  )
  worker.onmessage = ({ data }: { readonly data: WriterAnswer }) => onAnswer(data)
  worker.onerror = ({ message }) => onEnd(message)
  worker.addEventListener('close', () => onEnd('closed'))
  return {
    send: (envelope) =>
      envelope.kind === 'commit'
        ? worker.postMessage(envelope, [envelope.request.publishes.payloads.buffer])
        : worker.postMessage(envelope),
    terminate: () => worker.terminate(),
  }
}
