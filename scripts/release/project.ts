import packageJson from '../../package.json'
import { programName } from '../../src/cli/cli-context.ts'

/** What every file of a release says about the product. */
export interface Project {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
  /** Who is named where a format demands somebody. */
  readonly author: string
  /** Where the releases are published; undefined where package.json names none, or one that is not at GitHub. */
  readonly repository: Repository | undefined
}

export interface Repository {
  /** `https://github.com/owner/name` */
  readonly url: string
  readonly owner: string
  readonly name: string
}

export interface Package {
  readonly version: string
  readonly description: string
  readonly license: string
  readonly author?: string | { readonly name: string }
  readonly repository?: string | { readonly url: string }
}

/** The product as package.json describes it. */
export function readProject(file: Package = packageJson): Project {
  const { version, description, license, author } = file
  return {
    name: programName,
    version,
    description,
    license,
    author: (typeof author === 'string' ? author : author?.name) ?? `The maintainers of ${programName}`,
    repository: parseRepository(file.repository),
  }
}

/** Every form that npm takes: a URL with or without `git+` and `.git`, `github:owner/name`, `owner/name`. */
export function parseRepository(value: Package['repository']): Repository | undefined {
  const text = typeof value === 'string' ? value : value?.url
  const [, owner, name] =
    /^(?:github:|(?:git\+)?(?:https|ssh):\/\/(?:git@)?github\.com\/)?([\w-]+)\/([\w.-]+?)(?:\.git)?$/.exec(
      text ?? '',
    ) ?? []
  if (owner === undefined || name === undefined) return undefined
  return { url: `https://github.com/${owner}/${name}`, owner, name }
}

/** The name in the MCP registry, which proves it by the repository's owner. */
export function registryName({ owner, name }: Repository): string {
  return `io.github.${owner}/${name}`
}
