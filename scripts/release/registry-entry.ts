import { optionOf } from '../../src/config/option-names.ts'
import { type Project, type Repository, registryName } from './project.ts'

/** A bundle that lies beside the other files of the release. */
export interface ReleasedBundle {
  readonly file: string
  readonly sha256: string
}

/**
 * `server.json`, what the MCP registry lists: the npm package, the image and the bundles, all speaking stdio. The registry takes bundles from a
 * release at GitHub, the image from its container registry.
 */
export function renderRegistryEntry(
  { name, version, description }: Project,
  repository: Repository,
  bundles: readonly ReleasedBundle[],
): string {
  const { env, row } = optionOf('slackBotToken')
  const environmentVariables = [
    { name: env, description: row.description, isRequired: true, isSecret: true, format: 'string' },
  ]
  const stdio = { transport: { type: 'stdio' }, environmentVariables }
  const packageArguments = [{ type: 'positional', value: 'stdio' }]
  const entry = {
    $schema: 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json',
    name: registryName(repository),
    title: 'Slack (your own app)',
    description: description.slice(0, descriptionCharactersMax),
    version,
    repository: { url: repository.url, source: 'github' },
    packages: [
      { registryType: 'npm', identifier: name, version, packageArguments, ...stdio },
      { registryType: 'oci', identifier: `${imageOf(repository)}:${version}`, packageArguments, ...stdio },
      ...bundles.map(({ file, sha256 }) => ({
        registryType: 'mcpb',
        identifier: `${repository.url}/releases/download/v${version}/${file}`,
        fileSha256: sha256,
        ...stdio,
      })),
    ],
  }
  return `${JSON.stringify(entry, undefined, 2)}\n`
}

/** By the registry's schema. */
const descriptionCharactersMax = 100

/** Where the release workflow puts the image; references are lower case. */
function imageOf({ owner, name }: Repository): string {
  return `ghcr.io/${owner}/${name}`.toLowerCase()
}
