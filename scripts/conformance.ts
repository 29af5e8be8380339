// Runs the official MCP conformance suite against a fixture behind the product's own plugin: one line per revision, exit 1 unless every scored
// scenario passes. With --verbose the suite's own words follow.
import { startConformanceServer } from '../test/conformance/fixture-server.ts'
import { conformanceRevisions, runConformanceSuite } from '../test/conformance/run-suite.ts'

await using server = startConformanceServer()
let isConformant = true
for (const revision of conformanceRevisions) {
  const result = await runConformanceSuite(`${server.origin}/mcp`, revision)
  isConformant &&= result.isConformant
  const verdict = result.isConformant ? 'pass' : 'FAIL'
  process.stdout.write(
    `conformance ${revision}: ${verdict}, ${result.passed} of ${result.scored} scored scenarios\n`,
  )
  if (!result.isConformant || process.argv.includes('--verbose')) process.stderr.write(result.output)
}
process.exitCode = isConformant ? 0 : 1
