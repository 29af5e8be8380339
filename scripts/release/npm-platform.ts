/** What Node says about the machine. */
export interface NodeMachine {
  readonly platform: string
  readonly arch: string
  /** undefined on musl, and where there is no Linux. */
  readonly glibcVersion: string | undefined
}

/** The package that holds the binary for this machine; npm installed it if there is one. */
export function platformPackage(program: string, { platform, arch, glibcVersion }: NodeMachine): string {
  const os = platform === 'win32' ? 'windows' : platform
  const libc = platform === 'linux' && glibcVersion === undefined ? '-musl' : ''
  return `${program}-${os}-${arch}${libc}`
}
