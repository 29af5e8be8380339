import { programName } from '../../src/cli/cli-context.ts'
import type { TemplateName } from '../../src/deploy/template-names.ts'
import { templateTable } from '../../src/deploy/template-table.ts'
import { credentials } from './load-config.ts'

/** A file as `generate` prints it. */
export function renderFile(name: TemplateName, publicUrl?: string): string {
  return templateTable[name]({
    program: programName,
    image: `registry.example.com/${programName}:1.2.3`,
    publicUrl,
  })
}

/** A value of parsed YAML or JSON. */
export type Node = string | number | boolean | null | readonly Node[] | { readonly [key: string]: Node }

/** The documents of a YAML text. */
export function parseDocuments(text: string): readonly Node[] {
  const parsed = Bun.YAML.parse(text) as Node
  return Array.isArray(parsed) ? parsed : [parsed]
}

/** What stands at `path`; undefined where it leads nowhere. */
export function at(node: Node | undefined, ...path: readonly (string | number)[]): Node | undefined {
  return path.reduce<Node | undefined>((inner, key) => {
    if (typeof inner !== 'object' || inner === null) return undefined
    return Array.isArray(inner) ? inner[Number(key)] : (inner as Record<string, Node>)[key]
  }, node)
}

/** The document of this kind. */
export function documentOf(documents: readonly Node[], kind: string): Node {
  const found = documents.find((document) => at(document, 'kind') === kind)
  if (found === undefined) throw new Error(`There is no ${kind}`)
  return found
}

/** Good values for what a secret holds. */
const secretValues: Readonly<Record<string, string>> = {
  ...credentials,
  REDIS_URL: 'redis://redis.example.com:6379/0',
}

/** The environment that a container gets, with good values for what comes from a secret. */
export function containerEnv(container: Node | undefined): Record<string, string> {
  const entries = at(container, 'env')
  if (!Array.isArray(entries)) throw new Error('There is no env')
  return Object.fromEntries(
    entries.map((entry) => {
      const name = String(at(entry, 'name'))
      return [name, String(at(entry, 'value') ?? secretValues[name])]
    }),
  )
}
