import { expect } from 'bun:test'
import { dirname, resolve } from 'node:path'
import { verifies } from '../../support/verifies.ts'

const root = resolve(import.meta.dir, '../../..')

/** The packages that importing `path` brings in by itself, through every file of ours that it imports. Types and `import()` do not count. */
async function packagesBehind(path: string, seen = new Set<string>()): Promise<ReadonlySet<string>> {
  const packages = new Set<string>()
  if (seen.has(path)) return packages
  seen.add(path)
  const imports = new Bun.Transpiler({ loader: 'ts' }).scanImports(await Bun.file(path).text())
  for (const { path: target, kind } of imports) {
    if (kind !== 'import-statement') continue
    if (!target.startsWith('.')) packages.add(target)
    else for (const name of await packagesBehind(resolve(dirname(path), target), seen)) packages.add(name)
  }
  return packages
}

verifies('mcp:start:lazy', 'the routes of MCP start without either SDK', async () => {
  const packages = await packagesBehind(`${root}/src/mcp/route.ts`)
  expect([...packages]).toContain('elysia')
  expect([...packages].filter((name) => name.startsWith('@modelcontextprotocol/'))).toEqual([])
})

verifies('mcp:start:lazy', 'what is imported later has both', async () => {
  const packages = [...(await packagesBehind(`${root}/src/mcp/protocol.ts`))]
  expect(packages).toContain('@modelcontextprotocol/server')
  expect(packages).toContain('@modelcontextprotocol/sdk/server/index.js')
})
