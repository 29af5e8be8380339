import { expect } from 'bun:test'
import { verifies } from '../support/verifies.ts'
import { startConformanceServer } from './fixture-server.ts'
import { runConformanceSuite } from './run-suite.ts'

/** The suite sleeps between some of its checks. */
const suiteTimeoutMs = 60_000

verifies(
  'mcp:conformance:2025-11-25',
  'passes every scored scenario of the official suite for the revisions with sessions',
  async () => {
    await using server = startConformanceServer()
    const { scored, passed, isConformant } = await runConformanceSuite(`${server.origin}/mcp`, '2025-11-25')
    expect({ scored, passed, isConformant }).toEqual({ scored: 30, passed: 30, isConformant: true })
  },
  suiteTimeoutMs,
)

verifies(
  'mcp:conformance:2026-07-28',
  'passes every scored scenario of the official suite for the revision without sessions',
  async () => {
    await using server = startConformanceServer()
    const { scored, passed, isConformant } = await runConformanceSuite(`${server.origin}/mcp`, '2026-07-28')
    expect({ scored, passed, isConformant }).toEqual({ scored: 37, passed: 37, isConformant: true })
  },
  suiteTimeoutMs,
)
