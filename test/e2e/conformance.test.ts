import { expect } from 'bun:test'
import { startProduct } from '../conformance/product-server.ts'
import { conformanceRevisions, runProductSuite } from '../conformance/run-suite.ts'
import { verifies } from '../support/verifies.ts'

for (const revision of conformanceRevisions)
  verifies(
    'mcp:conformance:product',
    `the compiled product passes the official suite for ${revision}, but for what asks for the suite's own tools`,
    async () => {
      await using product = await startProduct()
      const { isConformant, output } = await runProductSuite(product.url, revision)
      expect(isConformant ? '' : output).toBe('')
    },
    60_000,
  )
