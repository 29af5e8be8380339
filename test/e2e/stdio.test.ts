import { expect, test } from 'bun:test'
import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { createDemoWorkspace } from '../../src/demo/workspace.ts'
import { serveDemoWorkspace } from '../../src/demo/workspace-server.ts'
import { spawnBinary } from '../support/binary.ts'
import { verifies } from '../support/verifies.ts'

const message = (fields: object) => `${JSON.stringify({ jsonrpc: '2.0', ...fields })}\n`
const initialize = message({
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
})

/** The call, with the id 1, that says `text` in #general. */
const post = (text: string) =>
  message({
    id: 1,
    method: 'tools/call',
    params: { name: 'slack_post_message', arguments: { channel: '#general', text } },
  })

async function startStdio(args: readonly string[] = [], more: Readonly<Record<string, string>> = {}) {
  const workspace = createDemoWorkspace({ clock: createSystemClock(), ids: createSystemIds() })
  const slack = serveDemoWorkspace(workspace)
  const env = {
    SLACK_BOT_TOKEN: workspace.botToken,
    SLACK_API_URL: slack.apiUrl,
    LOG_LEVEL: 'debug',
    ...more,
  }
  const child = spawnBinary({ args: ['stdio', ...args], env })
  return {
    workspace,
    child,
    async [Symbol.asyncDispose]() {
      await child[Symbol.asyncDispose]()
      await slack.stop()
      workspace.stop()
    },
  }
}

verifies(
  'S97',
  'the binary speaks MCP over stdio also with the configuration of a server that has the webhook alone',
  async () => {
    await using session = await startStdio(['--write-channels', '!#general'], { MCP_ENABLED: 'false' })
    const { child } = session
    child.write(initialize)
    child.write(message({ method: 'notifications/initialized' }))
    child.write(post('not to be said'))
    expect(await child.stdout.find((line) => line.includes('"id":1'))).toContain('"isError":true')
    child.closeInput()
    expect(await child.exited).toBe(0)
  },
)

verifies(
  'S101',
  'the binary speaks MCP over stdio, with nothing else on stdout, and ends with its input',
  async () => {
    await using session = await startStdio()
    const { child, workspace } = session
    child.write(initialize)
    child.write(message({ method: 'notifications/initialized' }))
    child.write(post('over stdio'))
    await child.stdout.find((line) => line.includes('"id":1'))
    child.closeInput()
    expect(await child.exited).toBe(0)
    await child.closed
    for (const line of child.stdout.lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' })
    expect(workspace.messages('general').at(-1)).toMatchObject({ text: 'over stdio' })
    expect(child.stderr.text).toContain('mcp_tool_executed')
  },
)

test('it opens no port, and SIGINT ends it with 130', async () => {
  await using session = await startStdio()
  const { child } = session
  child.write(initialize)
  await child.stdout.find((line) => line.includes('"id":0'))
  const sockets = await Bun.file(`/proc/${child.pid}/net/tcp`).text()
  const inodes = new Set(
    sockets
      .split('\n')
      .filter((line) => line.trim().split(/\s+/)[3] === '0A')
      .map((line) => line.trim().split(/\s+/)[9]),
  )
  const { readdirSync, readlinkSync } = await import('node:fs')
  const own = readdirSync(`/proc/${child.pid}/fd`).map((descriptor) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${child.pid}/fd/${descriptor}`))?.[1]
    } catch {
      return undefined
    }
  })
  expect(own.filter((inode) => inode !== undefined && inodes.has(inode))).toEqual([])
  child.signal('SIGINT')
  expect(await child.exited).toBe(130)
})

test('read-only mode offers and runs no tool that writes', async () => {
  await using session = await startStdio(['--read-only'])
  const { child, workspace } = session
  const before = workspace.messages('general').length
  child.write(initialize)
  child.write(message({ method: 'notifications/initialized' }))
  child.write(message({ id: 1, method: 'tools/list' }))
  const call = { name: 'slack_post_message', arguments: { channel: '#general', text: 'no' } }
  child.write(message({ id: 2, method: 'tools/call', params: call }))
  const listed = await child.stdout.find((line) => line.includes('"id":1'))
  expect(listed).toContain('slack_read_channel_messages')
  expect(listed).not.toContain('slack_post_message')
  expect(await child.stdout.find((line) => line.includes('"id":2'))).toContain('TOOL_FORBIDDEN')
  expect(workspace.messages('general')).toHaveLength(before)
})
