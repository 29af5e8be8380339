import { describe, expect, test } from 'bun:test'
import { v0_3 } from '@anthropic-ai/mcpb'
import { targetOfThisMachine } from '../../../../scripts/build.ts'
import { packDebian } from '../../../../scripts/release/debian-package.ts'
import { renderMcpbManifest } from '../../../../scripts/release/mcpb-bundle.ts'
import { packageOf, packMain, packPlatform } from '../../../../scripts/release/npm-packages.ts'
import { platformPackage } from '../../../../scripts/release/npm-platform.ts'
import type { Project } from '../../../../scripts/release/project.ts'
import { readProject } from '../../../../scripts/release/project.ts'
import { renderRegistryEntry } from '../../../../scripts/release/registry-entry.ts'
import { type Target, targetTable } from '../../../../scripts/release/target-table.ts'
import { namedOptions } from '../../../../src/config/option-names.ts'
import { verifies } from '../../../support/verifies.ts'

const project: Project = { ...readProject(), version: '1.2.0-rc.1', repository: undefined }
const repository = { url: 'https://github.com/Acme/server', owner: 'Acme', name: 'server' }
const published: Project = { ...project, repository }
const modifiedAtMs = Date.UTC(2026, 10, 24)
const binary = new TextEncoder().encode('program')
const licences = [{ path: 'LICENSE', bytes: new TextEncoder().encode('MIT\n'), mode: 0o644 }]

function targetOf(name: string): Target {
  const target = targetTable.find((one) => one.name === name)
  if (target === undefined) throw new Error(`There is no target ${name}`)
  return target
}

/** The texts of a .tar.gz by their paths. */
async function textsOf(archive: Uint8Array): Promise<Readonly<Record<string, string>>> {
  const files = await new Bun.Archive(archive).files()
  const texts: Record<string, string> = {}
  for (const [path, file] of files) texts[path] = await file.text()
  return texts
}

async function packageJsonOf(archive: Uint8Array): Promise<unknown> {
  return JSON.parse((await textsOf(archive))['package/package.json'] ?? '')
}

describe('the npm packages', () => {
  test('the launcher looks for exactly the packages that there are', () => {
    const machines = [
      { platform: 'linux', arch: 'x64', glibcVersion: '2.36' },
      { platform: 'linux', arch: 'arm64', glibcVersion: '2.36' },
      { platform: 'linux', arch: 'x64', glibcVersion: undefined },
      { platform: 'linux', arch: 'arm64', glibcVersion: undefined },
      { platform: 'darwin', arch: 'x64', glibcVersion: undefined },
      { platform: 'darwin', arch: 'arm64', glibcVersion: undefined },
      { platform: 'win32', arch: 'x64', glibcVersion: undefined },
    ]
    expect(machines.map((machine) => platformPackage(project.name, machine)).sort()).toEqual(
      targetTable
        .filter(({ isInNpm }) => isInNpm)
        .map((target) => packageOf(project, target))
        .sort(),
    )
  })

  test('the main one brings every platform as optional, in its own version', async () => {
    const { name, bytes } = await packMain(project, licences, modifiedAtMs)
    expect(name).toBe('slack-integrated-server-1.2.0-rc.1.tgz')
    expect(await packageJsonOf(bytes)).toEqual({
      name: 'slack-integrated-server',
      version: '1.2.0-rc.1',
      description: project.description,
      license: 'MIT',
      type: 'module',
      bin: { 'slack-integrated-server': 'bin/slack-integrated-server.js' },
      files: ['bin', 'LICENSE'],
      engines: { node: '>=20' },
      optionalDependencies: {
        'slack-integrated-server-linux-x64': '1.2.0-rc.1',
        'slack-integrated-server-linux-arm64': '1.2.0-rc.1',
        'slack-integrated-server-linux-x64-musl': '1.2.0-rc.1',
        'slack-integrated-server-linux-arm64-musl': '1.2.0-rc.1',
        'slack-integrated-server-darwin-x64': '1.2.0-rc.1',
        'slack-integrated-server-darwin-arm64': '1.2.0-rc.1',
        'slack-integrated-server-windows-x64': '1.2.0-rc.1',
      },
    })
    const launcher = (await textsOf(bytes))['package/bin/slack-integrated-server.js'] ?? ''
    expect(launcher).toStartWith('#!/usr/bin/env node\n')
    expect(launcher).not.toMatch(/\bBun\b|import\.meta\.main/)
  })

  test('one of a platform is for that one alone', async () => {
    const { name, bytes } = await packPlatform(
      project,
      targetOf('linux-x64-musl'),
      binary,
      licences,
      modifiedAtMs,
    )
    expect(name).toBe('slack-integrated-server-linux-x64-musl-1.2.0-rc.1.tgz')
    expect(await packageJsonOf(bytes)).toMatchObject({ os: ['linux'], cpu: ['x64'], libc: ['musl'] })
    const windows = await packPlatform(project, targetOf('windows-x64'), binary, licences, modifiedAtMs)
    expect(await packageJsonOf(windows.bytes)).toMatchObject({ os: ['win32'], cpu: ['x64'] })
    expect(await packageJsonOf(windows.bytes)).not.toHaveProperty('libc')
    expect((await textsOf(windows.bytes))['package/bin/slack-integrated-server.exe']).toBe('program')
  })

  test('this machine is one that something is made for, and a target has the name that its binary says', () => {
    expect(targetTable.map(({ name }) => name)).toContain(targetOfThisMachine())
    for (const { name, bun } of targetTable) expect<string>(bun).toBe(`bun-${name}`)
  })
})

describe('the .deb', () => {
  /** The members of an ar(5) archive by their names. */
  function membersOf(archive: Uint8Array): ReadonlyMap<string, Uint8Array> {
    expect(new TextDecoder().decode(archive.subarray(0, 8))).toBe('!<arch>\n')
    const members = new Map<string, Uint8Array>()
    for (let at = 8; at < archive.byteLength; ) {
      const header = new TextDecoder().decode(archive.subarray(at, at + 60))
      expect(header).toEndWith('`\n')
      const size = Number(header.slice(48, 58))
      members.set(header.slice(0, 16).trim(), archive.subarray(at + 60, at + 60 + size))
      at += 60 + size + (size % 2)
    }
    return members
  }
  const contents = {
    architecture: 'arm64',
    binary,
    glibc: '2.17',
    unit: 'unit\n',
    completions: { bash: 'for bash\n', zsh: 'for zsh\n', fish: 'for fish\n' },
    copyright: 'MIT\n',
  } as const

  test('says what it is and needs, and brings what the unit expects', async () => {
    const members = membersOf(await packDebian(project, contents, modifiedAtMs))
    expect([...members.keys()]).toEqual(['debian-binary', 'control.tar.gz', 'data.tar.gz'])
    expect(new TextDecoder().decode(members.get('debian-binary'))).toBe('2.0\n')
    const { './control': control = '', ...scripts } = await textsOf(members.get('control.tar.gz') ?? binary)
    expect(control).toStartWith(
      'Package: slack-integrated-server\nVersion: 1.2.0~rc.1\nArchitecture: arm64\nMaintainer: ',
    )
    expect(control).toContain('\nDepends: libc6 (>= 2.17)\n')
    expect(Object.keys(scripts)).toEqual(['./postinst', './prerm', './postrm'])
    expect(await textsOf(members.get('data.tar.gz') ?? binary)).toEqual({
      './usr/bin/slack-integrated-server': 'program',
      './usr/lib/systemd/system/slack-integrated-server.service': 'unit\n',
      './usr/share/bash-completion/completions/slack-integrated-server': 'for bash\n',
      './usr/share/doc/slack-integrated-server/copyright': 'MIT\n',
      './usr/share/fish/vendor_completions.d/slack-integrated-server.fish': 'for fish\n',
      './usr/share/zsh/vendor-completions/_slack-integrated-server': 'for zsh\n',
    })
  })
})

describe('the MCPB bundle', () => {
  test('every manifest is what the published schema says, and names its own program', () => {
    for (const target of targetTable.filter(({ isInMcpb }) => isInMcpb)) {
      const manifest = renderMcpbManifest(published, target)
      expect(v0_3.McpbManifestSchema.safeParse(manifest).error).toBeUndefined()
      expect(manifest.compatibility.platforms).toEqual([target.os])
      expect(manifest.server.mcp_config.command).toBe(`\${__dirname}/${manifest.server.entry_point}`)
      expect(manifest.server.entry_point.endsWith('.exe')).toBe(target.os === 'win32')
    }
  })

  test('every answer goes to an option, the token as a secret', () => {
    const { server, user_config: asked } = renderMcpbManifest(project, targetOf('linux-x64'))
    expect(server.mcp_config.env).toEqual({
      SLACK_BOT_TOKEN: `\${user_config.slack_bot_token}`,
      MCP_READ_ONLY: `\${user_config.read_only}`,
      MCP_TOOLSETS: `\${user_config.toolsets}`,
    })
    const known = new Set(namedOptions.map(({ env }) => env))
    expect(Object.keys(server.mcp_config.env).filter((name) => !known.has(name))).toEqual([])
    expect(asked['slack_bot_token']).toMatchObject({ sensitive: true, required: true })
    expect(asked['read_only']).toMatchObject({ default: true })
  })
})

describe('server.json', () => {
  test('lists the npm package, the image and the bundles of the release', () => {
    const bundles = [{ file: 'server-mcp.mcpb', sha256: 'a'.repeat(64) }]
    const entry: unknown = JSON.parse(renderRegistryEntry(published, repository, bundles))
    expect(entry).toMatchObject({
      name: 'io.github.Acme/server',
      version: '1.2.0-rc.1',
      repository: { url: 'https://github.com/Acme/server', source: 'github' },
      packages: [
        { registryType: 'npm', identifier: 'slack-integrated-server', version: '1.2.0-rc.1' },
        { registryType: 'oci', identifier: 'ghcr.io/acme/server:1.2.0-rc.1' },
        {
          registryType: 'mcpb',
          identifier: 'https://github.com/Acme/server/releases/download/v1.2.0-rc.1/server-mcp.mcpb',
          fileSha256: 'a'.repeat(64),
        },
      ],
    })
  })
})

verifies('release:no-invented-url', 'nothing names a repository that package.json does not', async () => {
  const main = await textsOf((await packMain(project, licences, modifiedAtMs)).bytes)
  const platform = await textsOf(
    (await packPlatform(project, targetOf('linux-x64'), binary, licences, modifiedAtMs)).bytes,
  )
  const manifest = JSON.stringify(renderMcpbManifest(project, targetOf('linux-x64')))
  for (const text of [...Object.values(main), ...Object.values(platform), manifest]) {
    expect(text).not.toMatch(/github|repository|mcpName|io\.github/i)
  }
  const named = await packageJsonOf((await packMain(published, licences, modifiedAtMs)).bytes)
  expect(named).toMatchObject({
    mcpName: 'io.github.Acme/server',
    repository: { type: 'git', url: 'git+https://github.com/Acme/server.git' },
  })
})
