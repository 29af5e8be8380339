// A child process that serves the conformance fixture over its standard input and output, for tests with real stdio clients.
import { createFixtureOffer } from '../conformance/fixture-offer.ts'
import { startMcp } from './mcp-harness.ts'

await using mcp = startMcp({ offer: createFixtureOffer(() => undefined) })
const pipe = { input: Bun.stdin.stream(), write: (line: string) => process.stdout.write(line) }
await mcp.plugin.serveStdio(pipe, new AbortController().signal)
