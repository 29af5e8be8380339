import { version as sourceVersion } from '../package.json'

/** Stamped in by scripts/build.ts; absent when run from source. */
declare const BUILD_VERSION: string
declare const BUILD_COMMIT: string
declare const BUILD_DATE: string
declare const BUILD_TARGET: string

export interface BuildInfo {
  readonly version: string
  /** Short commit hash; `dev` when run from source. */
  readonly commit: string
  /** ISO 8601 day of the commit; undefined when run from source. */
  readonly date: string | undefined
  /** What the binary was made for, as its release names it: `linux-x64-musl`; undefined when run from source. */
  readonly target: string | undefined
}

/** What runs: in the binary what was stamped in, from source what package.json says. */
export const buildInfo: BuildInfo = {
  version: typeof BUILD_VERSION === 'string' ? BUILD_VERSION : sourceVersion,
  commit: typeof BUILD_COMMIT === 'string' ? BUILD_COMMIT : 'dev',
  date: typeof BUILD_DATE === 'string' ? BUILD_DATE : undefined,
  target: typeof BUILD_TARGET === 'string' ? BUILD_TARGET : undefined,
}
