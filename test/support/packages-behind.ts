import { dirname, resolve } from 'node:path'

/** The packages that importing `path` brings in by itself, through every file of ours that it imports. Types and `import()` do not count. */
export async function packagesBehind(path: string, seen = new Set<string>()): Promise<ReadonlySet<string>> {
  const packages = new Set<string>()
  if (seen.has(path)) return packages
  seen.add(path)
  const imports = new Bun.Transpiler({ loader: 'ts' }).scanImports(await Bun.file(path).text())
  for (const { path: target, kind } of imports) {
    if (kind !== 'import-statement') continue
    if (!target.startsWith('.')) packages.add(target)
    // A .json or an embedded file imports nothing.
    else if (target.endsWith('.ts'))
      for (const name of await packagesBehind(resolve(dirname(path), target), seen)) packages.add(name)
  }
  return packages
}
