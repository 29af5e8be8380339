import { Type } from '@sinclair/typebox'
import type { RegisteredTool } from '../../src/mcp/registry.ts'
import { sketchTool } from './mcp-harness.ts'

export interface HoldingTool {
  readonly tool: RegisteredTool
  readonly began: Promise<void>
  /** Lets every call go on. */
  open(): void
  /** What became of the first call that ended: it went on, or its caller was gone. */
  readonly outcome: Promise<'held' | 'gone'>
}

/** The tool `hold`, which waits until the test lets it go on or its caller is gone. */
export function createHoldingTool(options: { readonly releasesConnection?: boolean } = {}): HoldingTool {
  const began = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const outcome = Promise.withResolvers<'held' | 'gone'>()
  const tool = sketchTool({
    name: 'hold',
    input: Type.Object({}),
    async run(_, { signal, releaseConnection }) {
      began.resolve()
      const gone = Promise.withResolvers<void>()
      signal.addEventListener('abort', () => gone.resolve(), { once: true })
      await Promise.race([gate.promise, gone.promise])
      outcome.resolve(signal.aborted ? 'gone' : 'held')
      signal.throwIfAborted()
      if (options.releasesConnection === true) releaseConnection?.()
      return 'held'
    },
  })
  return { tool, began: began.promise, open: gate.resolve, outcome: outcome.promise }
}
