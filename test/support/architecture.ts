import { posix } from 'node:path'
import { lineAt, readSource, type SourceComment, type SourceText } from './source-text.ts'

/** What is wrong with a file, as `path:line what`. */
export type Violation = string

export interface SourceFile {
  /** From the root of the project: `src/webhook/receive.ts`. */
  readonly path: string
  readonly text: string
}

/** The plan of the house: rooms, what each may import of the others, and which packages stand in which file. */

const everything = ['**'] as const

/** Folder of src -> what it may import besides itself: folders, or single files of one. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  config: ['base'],
  observe: ['base'],
  resilience: ['base', 'observe'],
  queue: ['base', 'observe', 'resilience'],
  slack: ['base', 'observe', 'resilience'],
  webhook: ['base', 'observe', 'slack', 'queue'],
  events: ['base', 'observe', 'resilience', 'queue', 'slack'],
  mcp: ['base', 'observe', 'resilience', 'slack/signature.ts'],
  tools: ['base', 'slack', 'events', 'mcp/registry.ts'],
  http: ['base', 'observe', 'resilience'],
  demo: ['base', 'slack'],
  // The metric table too: a rule or panel of a metric that does not exist does not compile.
  deploy: ['base', 'config', 'observe/metric-table.ts'],
  cli: everything,
}

/** Files at the top of src: the composition root, the process edge, the library entry. */
const topFiles = /^src\/[a-z-]+\.ts$/

interface PackageRule {
  readonly files: RegExp
  /** The only names that may be taken of it: those that compute, of a package that also does other things. */
  readonly names?: readonly string[]
}

/** Package -> the files that may import it. What is not listed may be imported nowhere. */
const mayUse: Readonly<Record<string, PackageRule>> = {
  elysia: { files: /^src\/(app\.ts|http\/|(webhook|events|mcp)\/([a-z-]+-)?route\.ts$)/ },
  '@elysiajs/openapi': { files: /^src\/http\// },
  rapidoc: { files: /^src\/http\// },
  '@modelcontextprotocol/sdk': { files: /^src\/mcp\// },
  '@modelcontextprotocol/server': { files: /^src\/mcp\// },
  '@slack/web-api': { files: /^src\/slack\/client\.ts$/ },
  '@sinclair/typebox': {
    files:
      /^src\/base\/error-schema\.ts$|^src\/(config|slack|mcp|tools|http)\/|route\.ts$|^src\/events\/admin-(request|schemas)\.ts$/,
  },
  zod: { files: /^src\/mcp\// },
  'pino-pretty': { files: /^src\/observe\// },
  'prom-client': { files: /^src\/observe\// },
  commander: { files: /^src\/cli\// },
  marked: { files: /^src\/tools\// },
  '@opentelemetry/api': { files: /^src\/observe\/otlp-pipeline\.ts$/ },
  '@opentelemetry/sdk-trace': { files: /^src\/observe\/otlp-pipeline\.ts$/ },
  '@opentelemetry/resources': { files: /^src\/observe\/otlp-pipeline\.ts$/ },
  '@opentelemetry/exporter-trace-otlp-http': { files: /^src\/observe\/otlp-pipeline\.ts$/ },
  '@opentelemetry/exporter-trace-otlp-proto': { files: /^src\/observe\/otlp-pipeline\.ts$/ },
  'bun:sqlite': { files: /^src\/queue\/sqlite-writer\.ts$/ },
  'bun:ffi': { files: /^src\/cli\/notify-socket\.ts$/ },
  bun: { files: /^src\/(main|queue\/redis-connection)\.ts$/ },
  'node:async_hooks': { files: /^src\/(slack\/client|mcp\/modern-leg|observe\/otlp-tracer)\.ts$/ },
  'node:crypto': {
    files: /^src\/(base\/(ids|bearer)|slack\/signature|config\/derived-token)\.ts$/,
    names: ['createHash', 'createHmac', 'timingSafeEqual', 'randomBytes', 'randomUUID'],
  },
  'node:net': { files: /^src\/(config|http|cli)\//, names: ['isIP', 'BlockList'] },
  'node:fs': { files: /^src\/(main|local-files|queue\/sqlite-directory)\.ts$/ },
  'node:path': { files: /^src\/(main|local-files|queue\/sqlite-directory)\.ts$/ },
  'node:zlib': { files: /^src\/queue\//, names: ['crc32'] },
  'node:*': { files: /^src\/main\.ts$/ },
}

/** The backends themselves: everything else goes through the interfaces of queue/driver.ts. */
const driverFiles = /^src\/queue\/(memory|sqlite|redis|spool)\.ts$/
const mayImportDrivers = /^src\/queue\/(registry|spool)\.ts$/

interface ForbiddenText {
  readonly name: string
  readonly pattern: RegExp
  /** The only file where it may stand; undefined for nowhere. */
  readonly onlyIn?: string
}

const forbiddenTexts: readonly ForbiddenText[] = [
  { name: 'process.', pattern: /(?<![.\w$])process\s*(?:\?\.|[.[])/g, onlyIn: 'src/main.ts' },
  {
    name: 'globalThis',
    pattern: /(?<!\btypeof\s)\bglobalThis\b|\b(?:import\.meta\.(?:env|main|path|dir))\b/g,
    onlyIn: 'src/main.ts',
  },
  {
    name: 'Bun as process',
    pattern: /\bBun\.(?:env|argv|main|stdin|stdout|stderr|sleepSync)\b/g,
    onlyIn: 'src/main.ts',
  },
  {
    name: 'time',
    pattern:
      /\b(?:Date\.now|performance\.(?:now|timeOrigin)|AbortSignal\.timeout|Bun\.(?:sleep|nanoseconds))\b|\b(?:setTimeout|setInterval|setImmediate)\s*\(|\bnew\s+Date\s*(?:\(\s*\)|(?!\s*[(\w$]))|(?<!new\s+)(?<![.\w$])Date\s*\(/g,
    onlyIn: 'src/base/clock.ts',
  },
  {
    name: 'randomness',
    pattern: /\b(?:randomUUID|randomBytes|randomInt|getRandomValues|Bun\.randomUUIDv7|Math\.random)\b/g,
    onlyIn: 'src/base/ids.ts',
  },
  { name: 'console', pattern: /(?<![.\w$])console\s*(?:\?\.|[.[])/g },
]

/** A cast that gives up on types needs its reason on the line above: `// cast: …`, or Biome's own suppression with one. */
const casts: readonly ForbiddenText[] = [
  { name: 'any', pattern: /(?<![.\w$'"])any\b(?!\s*[(:?])/g },
  { name: 'as unknown as', pattern: /\bas\s+unknown\s+as\b/g },
]
const reasonedCast = /^\/\/ (?:cast|biome-ignore lint\/suspicious\/noExplicitAny): \S.{14,}$/

const forbiddenNames = /(?:^|[/-])(?:utils?|helpers?|common|managers?|misc|shared)(?:[./-]|$)/
const unownedTask = /\b(?:TODO|FIXME|XXX|HACK)\b(?!.*#\d)/

/** Casts that give up on types, wherever they stand: what a test believes without looking is not tested. */
export function findCasts(files: readonly SourceFile[]): readonly Violation[] {
  return files.flatMap((file) => castViolations(file, readSource(file.text)))
}

/** Every breach of the plan in these files. */
export function findViolations(files: readonly SourceFile[]): readonly Violation[] {
  return files.flatMap((file) => {
    const source = readSource(file.text)
    return [
      ...nameViolations(file),
      ...importViolations(file, source),
      ...textViolations(file, source),
      ...castViolations(file, source),
      ...commentViolations(file, source.comments),
    ]
  })
}

function nameViolations({ path }: SourceFile): readonly Violation[] {
  const found: Violation[] = []
  if (forbiddenNames.test(path)) found.push(`${path}:1 is named for no one thing`)
  if (/(?:^|\/)index\.ts$/.test(path) && path !== 'src/index.ts') found.push(`${path}:1 is an index file`)
  const room = path.split('/')[1] ?? ''
  if (!topFiles.test(path) && !Object.hasOwn(mayImport, room))
    found.push(`${path}:1 stands in a room without a row: ${room}`)
  return found
}

function importViolations(file: SourceFile, source: SourceText): readonly Violation[] {
  return source.imports.flatMap(({ specifier, line, clause, isReExport }) => {
    const problems: string[] = []
    if (isReExport && file.path !== 'src/index.ts') problems.push(`re-exports ${specifier}`)
    if (specifier === undefined) problems.push('imports something computed')
    else if (specifier.startsWith('.')) problems.push(...relativeProblems(file.path, specifier))
    else problems.push(...packageProblems(file.path, specifier, clause))
    return problems.map((problem) => `${file.path}:${line} ${problem}`)
  })
}

function relativeProblems(path: string, specifier: string): readonly string[] {
  const target = posix.join(posix.dirname(path), specifier)
  const problems: string[] = []
  if (!isRoomAllowed(path, target)) problems.push(`may not import ${target}`)
  if (driverFiles.test(target) && !mayImportDrivers.test(path) && target !== path) {
    problems.push(`may not import the driver ${target}`)
  }
  return problems
}

function isRoomAllowed(path: string, target: string): boolean {
  if (topFiles.test(path)) return true
  const room = path.split('/')[1] ?? ''
  const [top, targetRoom = ''] = target.split('/')
  if (top !== 'src') return false
  if (targetRoom === room) return true
  const allowed = mayImport[room] ?? []
  return (
    allowed === everything || allowed.includes(targetRoom) || allowed.includes(target.slice('src/'.length))
  )
}

function packageProblems(path: string, specifier: string, clause: string): readonly string[] {
  const [first = '', second = ''] = specifier.split('/')
  const name = first.startsWith('@') ? `${first}/${second}` : first
  const rule = mayUse[name] ?? (name.startsWith('node:') ? mayUse['node:*'] : undefined)
  if (rule?.files.test(path) !== true) return [`may not import the package ${specifier}`]
  const taken = clause.split(/[{},]|\btype\b/).map((part) => part.trim().split(/\s+as\s+/)[0] ?? '')
  const { names } = rule
  if (names === undefined) return []
  return taken
    .filter((part) => part !== '' && !names.includes(part))
    .map((part) => `may not import ${part} of ${specifier}`)
}

function textViolations(file: SourceFile, { code }: SourceText): readonly Violation[] {
  return forbiddenTexts
    .filter(({ onlyIn }) => onlyIn !== file.path)
    .flatMap(({ name, pattern }) => matches(code, pattern).map((line) => `${file.path}:${line} uses ${name}`))
}

function castViolations(file: SourceFile, { code, comments }: SourceText): readonly Violation[] {
  const reasonedLines = new Set(
    comments.filter(({ text }) => reasonedCast.test(text)).map(({ line }) => line + 1),
  )
  return casts.flatMap(({ name, pattern }) =>
    matches(code, pattern)
      .filter((line) => !reasonedLines.has(line))
      .map((line) => `${file.path}:${line} uses ${name} without a reason`),
  )
}

function commentViolations({ path }: SourceFile, comments: readonly SourceComment[]): readonly Violation[] {
  return comments
    .filter(({ text }) => unownedTask.test(text))
    .map(({ line }) => `${path}:${line} leaves a task without an issue`)
}

function matches(code: string, pattern: RegExp): readonly number[] {
  return [...code.matchAll(pattern)].map(({ index }) => lineAt(code, index))
}
