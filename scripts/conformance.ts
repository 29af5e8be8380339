// Runs the official MCP conformance suite: one line per revision for a fixture behind the product's own plugin, where every scored scenario must
// pass, and one for the compiled product, which may fail only what asks for the suite's own tools. With --verbose the suite's own words follow.
import { startConformanceServer } from '../test/conformance/fixture-server.ts'
import { startProduct } from '../test/conformance/product-server.ts'
import { conformanceRevisions, runConformanceSuite, runProductSuite } from '../test/conformance/run-suite.ts'

let isConformant = true

function report(
  title: string,
  result: { readonly isConformant: boolean; readonly output: string },
  note: string,
) {
  isConformant &&= result.isConformant
  process.stdout.write(`${title}: ${result.isConformant ? 'pass' : 'FAIL'}${note}\n`)
  if (!result.isConformant || process.argv.includes('--verbose')) process.stderr.write(result.output)
}

await using fixture = startConformanceServer()
for (const revision of conformanceRevisions) {
  const result = await runConformanceSuite(`${fixture.origin}/mcp`, revision)
  report(`conformance ${revision}`, result, `, ${result.passed} of ${result.scored} scored scenarios`)
}
await using product = await startProduct()
for (const revision of conformanceRevisions)
  report(`conformance ${revision}, product`, await runProductSuite(product.url, revision), '')
process.exitCode = isConformant ? 0 : 1
