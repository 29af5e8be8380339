import { join } from 'node:path'
import { platformPackage } from './npm-platform.ts'
import { type PackedFile, packTarGz, textFile } from './packing.ts'
import { type Project, registryName } from './project.ts'
import { binaryName, type Target, targetTable } from './target-table.ts'

/** Bytes of a tarball as the registry takes it, under the name that npm gives it. */
export interface NpmTarball {
  readonly name: string
  readonly bytes: Uint8Array
}

/** The package that holds one binary. npm installs it where os, cpu and libc are those of the machine. */
export async function packPlatform(
  project: Project,
  target: Target,
  binary: Uint8Array,
  licences: readonly PackedFile[],
  modifiedAtMs: number,
): Promise<NpmTarball> {
  const name = packageOf(project, target)
  const file = `bin/${binaryName(target)}`
  const description = `${project.name} for ${target.name}`
  const files = [
    asJson('package.json', {
      name,
      version: project.version,
      description,
      ...shared(project),
      os: [target.os],
      cpu: [target.cpu],
      ...(target.libc === undefined ? {} : { libc: [target.libc] }),
      // A program inside Yarn's zip cannot be started.
      preferUnplugged: true,
      files: ['bin', ...licences.map(({ path }) => path)],
    }),
    textFile(
      'README.md',
      `# ${name}\n\nThe binary of \`${project.name}\` for ${target.name}. Install \`${project.name}\`, which brings it.\n`,
    ),
    { path: file, bytes: binary, mode: 0o755 },
    ...licences,
  ]
  return { name: `${name}-${project.version}.tgz`, bytes: await packPackage(files, modifiedAtMs) }
}

/** The package that people name: a launcher, and one optional dependency for each platform, of which npm takes the one that fits. */
export async function packMain(
  project: Project,
  licences: readonly PackedFile[],
  modifiedAtMs: number,
): Promise<NpmTarball> {
  const { name, version, description, repository } = project
  const platforms = targetTable.filter(({ isInNpm }) => isInNpm)
  const files = [
    asJson('package.json', {
      name,
      version,
      description,
      ...(repository === undefined ? {} : { mcpName: registryName(repository) }),
      ...shared(project),
      type: 'module',
      bin: { [name]: `bin/${name}.js` },
      files: ['bin', ...licences.map(({ path }) => path)],
      engines: { node: '>=20' },
      optionalDependencies: Object.fromEntries(
        platforms.map((target) => [packageOf(project, target), version]),
      ),
    }),
    textFile('README.md', renderReadme(project)),
    { path: `bin/${name}.js`, bytes: await buildLauncher(), mode: 0o755 },
    ...licences,
  ]
  return { name: `${name}-${version}.tgz`, bytes: await packPackage(files, modifiedAtMs) }
}

/** As the launcher finds it: the two must never name it differently. */
export function packageOf({ name }: Project, { os, cpu, libc }: Target): string {
  return platformPackage(name, {
    platform: os,
    arch: cpu,
    glibcVersion: libc === 'glibc' ? 'any' : undefined,
  })
}

function shared({ license, repository }: Project) {
  return {
    license,
    ...(repository === undefined ? {} : { repository: { type: 'git', url: `git+${repository.url}.git` } }),
  }
}

function renderReadme({ name, description, repository }: Project): string {
  return `# ${name}

${description}

\`\`\`sh
npx ${name} demo     # no Slack account needed
npx ${name} stdio    # for an MCP client, with SLACK_BOT_TOKEN set
npx ${name} --help
\`\`\`

The package starts a compiled binary: Node is only needed to install it.${repository === undefined ? '' : ` More: ${repository.url}`}
`
}

/** Plain JavaScript for whatever Node there is. */
async function buildLauncher(): Promise<Uint8Array> {
  const result = await Bun.build({
    entrypoints: [join(import.meta.dir, 'npm-launcher.ts')],
    target: 'node',
    format: 'esm',
  })
  const [launcher] = result.outputs
  if (launcher === undefined) throw new Error('The launcher of the npm package was not built')
  return new Uint8Array(await launcher.arrayBuffer())
}

async function packPackage(files: readonly PackedFile[], modifiedAtMs: number): Promise<Uint8Array> {
  return await packTarGz(
    files.map((file) => ({ ...file, path: `package/${file.path}` })),
    modifiedAtMs,
  )
}

function asJson(path: string, value: unknown): PackedFile {
  return textFile(path, `${JSON.stringify(value, undefined, 2)}\n`)
}
