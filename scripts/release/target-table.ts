/** The C library that a Linux binary is linked to. */
export type Libc = 'glibc' | 'musl'

/** One machine that binaries are made for. */
export interface Target {
  /** In the names of files: `linux-x64-musl`. */
  readonly name: string
  /** As Bun names it. */
  readonly bun: Bun.Build.CompileTarget
  /** As Node, npm and MCPB name it. */
  readonly os: 'linux' | 'darwin' | 'win32'
  readonly cpu: 'x64' | 'arm64'
  readonly libc?: Libc
  /** Every library that the binary may ask its machine for, beside the loader; others would be missing on a bare one. */
  readonly libraries: readonly string[]
  /** Debian's name of the processor, where a .deb is made. */
  readonly debian?: 'amd64' | 'arm64'
  /** Whether npm installs it: its packages know os, cpu and libc, no instruction sets. */
  readonly isInNpm: boolean
  /** Whether a bundle for desktop clients is made: those run on no musl. */
  readonly isInMcpb: boolean
}

const glibc = ['libc.so.6', 'libpthread.so.0', 'libdl.so.2', 'libm.so.6'] as const
/** Part of macOS itself. */
const macos = [
  '/usr/lib/libSystem.B.dylib',
  '/usr/lib/libc++.1.dylib',
  '/usr/lib/libresolv.9.dylib',
  '/usr/lib/libicucore.A.dylib',
] as const

/** Every target of a release, in the order in which they are built. */
export const targetTable: readonly Target[] = [
  {
    name: 'linux-x64',
    bun: 'bun-linux-x64',
    os: 'linux',
    cpu: 'x64',
    libc: 'glibc',
    libraries: glibc,
    debian: 'amd64',
    isInNpm: true,
    isInMcpb: true,
  },
  {
    // For processors without AVX2. Bun 1.4.5 has one runtime for both, so these differ in their names alone.
    name: 'linux-x64-baseline',
    bun: 'bun-linux-x64-baseline',
    os: 'linux',
    cpu: 'x64',
    libc: 'glibc',
    libraries: glibc,
    isInNpm: false,
    isInMcpb: false,
  },
  {
    name: 'linux-arm64',
    bun: 'bun-linux-arm64',
    os: 'linux',
    cpu: 'arm64',
    libc: 'glibc',
    libraries: glibc,
    debian: 'arm64',
    isInNpm: true,
    isInMcpb: true,
  },
  {
    name: 'linux-x64-musl',
    bun: 'bun-linux-x64-musl',
    os: 'linux',
    cpu: 'x64',
    libc: 'musl',
    // Alpine: apk add libstdc++
    libraries: ['libc.musl-x86_64.so.1', 'libstdc++.so.6'],
    isInNpm: true,
    isInMcpb: false,
  },
  {
    name: 'linux-arm64-musl',
    bun: 'bun-linux-arm64-musl',
    os: 'linux',
    cpu: 'arm64',
    libc: 'musl',
    libraries: ['libc.musl-aarch64.so.1', 'libstdc++.so.6'],
    isInNpm: true,
    isInMcpb: false,
  },
  {
    name: 'darwin-x64',
    bun: 'bun-darwin-x64',
    os: 'darwin',
    cpu: 'x64',
    libraries: macos,
    isInNpm: true,
    isInMcpb: true,
  },
  {
    name: 'darwin-arm64',
    bun: 'bun-darwin-arm64',
    os: 'darwin',
    cpu: 'arm64',
    libraries: macos,
    isInNpm: true,
    isInMcpb: true,
  },
  {
    name: 'windows-x64',
    bun: 'bun-windows-x64',
    os: 'win32',
    cpu: 'x64',
    // Part of Windows itself, from version 10.
    libraries: ['ntdll.dll', 'KERNEL32.dll', 'api-ms-win-core-synch-l1-2-0.dll', 'bcryptprimitives.dll'],
    isInNpm: true,
    isInMcpb: true,
  },
]

/** How the file is called in archives and packages. */
export function binaryName({ os }: Pick<Target, 'os'>): string {
  return os === 'win32' ? 'slack-integrated-server.exe' : 'slack-integrated-server'
}
