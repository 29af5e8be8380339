import type { CompletionShell } from '../../src/cli/completions.ts'
import { type PackedFile, packTarGz, textFile } from './packing.ts'
import type { Project } from './project.ts'

export interface DebianContents {
  readonly architecture: 'amd64' | 'arm64'
  readonly binary: Uint8Array
  /** The oldest glibc that will do: `2.17`. */
  readonly glibc: string
  readonly unit: string
  readonly completions: Readonly<Record<CompletionShell, string>>
  /** Everybody's licence, ours first. */
  readonly copyright: string
}

/**
 * A package for Debian, Ubuntu and what follows them, in the format of deb(5). It is written here and not by dpkg-deb so that it is the same bytes on
 * a machine with another dpkg, or none; dpkg itself judges it when the packages are checked.
 */
export async function packDebian(
  project: Project,
  contents: DebianContents,
  modifiedAtMs: number,
): Promise<Uint8Array> {
  const files = installedFiles(project, contents)
  const control = [
    { path: './', bytes: nothing, mode: 0o755 },
    textFile('./control', renderControl(project, contents, files)),
    ...Object.entries(scriptsOf(project.name)).map(([name, script]) => textFile(`./${name}`, script, 0o755)),
  ]
  return packAr(
    [
      textFile('debian-binary', '2.0\n'),
      { path: 'control.tar.gz', bytes: await packTarGz(control, modifiedAtMs), mode: 0o644 },
      { path: 'data.tar.gz', bytes: await packTarGz(withFolders(files), modifiedAtMs), mode: 0o644 },
    ],
    modifiedAtMs,
  )
}

const nothing = new Uint8Array()

/** As `generate systemd` expects them: the unit starts /usr/bin/<name> and takes the credentials from below /etc. */
function installedFiles(
  { name }: Project,
  { binary, unit, completions, copyright }: DebianContents,
): readonly PackedFile[] {
  return [
    { path: `./etc/${name}/credentials/`, bytes: nothing, mode: 0o700 },
    { path: `./usr/bin/${name}`, bytes: binary, mode: 0o755 },
    textFile(`./usr/lib/systemd/system/${name}.service`, unit),
    // Where each shell of Debian looks for what packages bring.
    textFile(`./usr/share/bash-completion/completions/${name}`, completions.bash),
    textFile(`./usr/share/fish/vendor_completions.d/${name}.fish`, completions.fish),
    textFile(`./usr/share/zsh/vendor-completions/_${name}`, completions.zsh),
    textFile(`./usr/share/doc/${name}/copyright`, copyright),
  ]
}

function renderControl(
  { name, version, description, author, repository }: Project,
  { architecture, glibc }: DebianContents,
  files: readonly PackedFile[],
): string {
  const size = files.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)
  return `Package: ${name}
Version: ${asDebianVersion(version)}
Architecture: ${architecture}
Maintainer: ${author}
Installed-Size: ${Math.ceil(size / 1024)}
Depends: libc6 (>= ${glibc})
Section: net
Priority: optional
${repository === undefined ? '' : `Homepage: ${repository.url}\n`}Description: Slack for AI clients (MCP) and durable Slack events
 ${description}
 .
 The service is not started by the installation: it needs the credentials of a
 Slack app first, in /etc/${name}/credentials.
`
}

/** A pre-release sorts before its release: 1.0.0-rc.1 -> 1.0.0~rc.1 */
export function asDebianVersion(version: string): string {
  return version.replace('-', '~')
}

/** What dpkg runs. On a machine that systemd does not run (an image's build, a chroot) nothing needs telling. */
function scriptsOf(name: string): Readonly<Record<string, string>> {
  const onSystemd = (commands: string) => `#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then
${commands}
fi
`
  return {
    postinst: onSystemd(`  systemctl daemon-reload || true
  # After an update the old binary is still running. What does not run is left alone: the credentials come first.
  if [ "$1" = configure ] && [ -n "$2" ]; then systemctl try-restart ${name}.service || true; fi`),
    prerm: onSystemd(`  if [ "$1" = remove ]; then systemctl disable --now ${name}.service || true; fi`),
    // The events that were accepted, in /var/lib, are the operator's to delete.
    postrm: `${onSystemd('  systemctl daemon-reload || true')}if [ "$1" = purge ]; then rm -rf /etc/${name}; fi
`,
  }
}

/** The folders on the way to each file, which dpkg makes in that order. */
function withFolders(files: readonly PackedFile[]): readonly PackedFile[] {
  const known = new Set(files.map(({ path }) => path))
  const found: PackedFile[] = []
  for (const file of files) {
    const parts = file.path.split('/').slice(0, -1)
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const path = `${parts.slice(0, depth).join('/')}/`
      if (known.has(path)) continue
      known.add(path)
      found.push({ path, bytes: nothing, mode: 0o755 })
    }
    found.push(file)
  }
  return found
}

/** ar(5): a line of fixed columns before each member, which begins at an even offset. */
function packAr(members: readonly PackedFile[], modifiedAtMs: number): Uint8Array {
  const parts: Uint8Array[] = [new TextEncoder().encode('!<arch>\n')]
  for (const { path, bytes, mode } of members) {
    const columns = [
      path.padEnd(16),
      String(Math.floor(modifiedAtMs / 1000)).padEnd(12),
      '0'.padEnd(6),
      '0'.padEnd(6),
      (0o100_000 | mode).toString(8).padEnd(8),
      String(bytes.byteLength).padEnd(10),
    ]
    parts.push(new TextEncoder().encode(`${columns.join('')}\`\n`), bytes)
    if (bytes.byteLength % 2 === 1) parts.push(new TextEncoder().encode('\n'))
  }
  return Buffer.concat(parts)
}
