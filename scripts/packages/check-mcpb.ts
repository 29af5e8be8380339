import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { expectSame } from '../expect-same.ts'
import { type CheckedRelease, checkCredentials } from './checked-release.ts'
import { runTool } from './run-tool.ts'

const mcpb = [process.execPath, join(import.meta.dir, '../../node_modules/.bin/mcpb')] as const

interface Manifest {
  readonly version: string
  readonly server: {
    readonly mcp_config: {
      readonly command: string
      readonly args: readonly string[]
      readonly env: Readonly<Record<string, string>>
    }
  }
}

/** The format's own tool takes the bundle, and a client starts what it says, as one where nothing but the token was filled in. */
export async function checkMcpb({ folder, scratch, stem }: CheckedRelease): Promise<void> {
  const unpacked = join(scratch, 'mcpb')
  runTool([...mcpb, 'unpack', join(folder, `${stem}.mcpb`), unpacked])
  runTool([...mcpb, 'validate', join(unpacked, 'manifest.json')])
  const manifest = JSON.parse(readFileSync(join(unpacked, 'manifest.json'), 'utf8')) as Manifest
  const { command, args, env } = manifest.server.mcp_config
  const client = new Client({ name: 'package-check', version: '1.0.0' })
  await client.connect(
    new StdioClientTransport({
      command: command.replace(`\${__dirname}`, unpacked),
      args: [...args],
      env: { ...env, ...checkCredentials, MCP_READ_ONLY: 'true' },
      cwd: scratch,
      stderr: 'ignore',
    }),
  )
  try {
    expectSame('the version that the server says', client.getServerVersion()?.version, manifest.version)
    const { tools } = await client.listTools()
    expectSame('whether it offers tools', tools.length > 0, true)
    const writing = tools.filter(({ annotations }) => annotations?.readOnlyHint !== true)
    expectSame(
      'what writes in a bundle that begins read-only',
      writing.map(({ name }) => name),
      [],
    )
  } finally {
    await client.close()
  }
}
