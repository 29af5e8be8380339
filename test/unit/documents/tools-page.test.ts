import { expect } from 'bun:test'
import { renderToolsPage } from '../../../scripts/documents/tools-page.ts'
import { toolTable } from '../../../src/tools/tool-table.ts'
import { verifies } from '../../support/verifies.ts'

verifies('tools:docs', 'the page has every tool with every argument, scope and cost', () => {
  const page = renderToolsPage()
  for (const tool of toolTable) {
    const section = page.split(`### ${tool.name}\n`)[1]?.split('\n### ')[0] ?? ''
    expect(section).toContain(tool.description)
    for (const argument of Object.keys(tool.input.properties))
      expect(section).toContain(`| \`${argument}\` |`)
    for (const scope of tool.scopes) expect(section).toContain(`\`${scope}\``)
    expect(section).toContain(`${tool.cost.warm} warm`)
    expect(section).toContain(JSON.stringify(tool.examples))
  }
})
