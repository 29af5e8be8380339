import { describe, expect, test } from 'bun:test'
import type { McpClientName } from '../../../src/cli/mcp-client-names.ts'
import { mcpClients } from '../../../src/cli/mcp-clients.ts'
import { type CliInput, runCommandLine } from '../../support/cli-context.ts'
import { FakeLocalFiles } from '../../support/fake-local-files.ts'
import { verifies } from '../../support/verifies.ts'

const home = { HOME: '/home/ana' }
const cursorFile = '/home/ana/.cursor/mcp.json'

function install(argv: readonly string[], input: CliInput = {}) {
  return runCommandLine(['mcp', 'install', ...argv], { env: home, ...input })
}

describe('mcp install', () => {
  verifies(
    'cli:mcp-install',
    'shows the change, asks, keeps the old file and writes; then it is done',
    async () => {
      const old = '{"mcpServers":{"other":{"url":"x"}}}'
      const localFiles = new FakeLocalFiles(
        { [cursorFile]: old },
        {
          [cursorFile]: { kind: 'file', mode: 0o644, isWritable: true },
        },
      )
      const declined = await install(['cursor'], { localFiles, typed: ['n'] })
      expect([declined.code, declined.stdout, localFiles.written.size]).toEqual([1, '', 0])
      expect(declined.stderr).toStartWith(`Cursor: ${cursorFile}\n  + {\n`)
      expect(declined.stderr).toEndWith('Write this? [y/N] Nothing was changed.\n')
      expect((await install(['cursor'], { localFiles, typed: [] })).code).toBe(1)

      const { code, stderr } = await install(['cursor', '--read-only'], { localFiles, typed: [' Yes '] })
      expect(code).toBe(0)
      expect(stderr).toContain(`Done; the file as it was: ${cursorFile}.bak\n`)
      expect(localFiles.written.get(`${cursorFile}.bak`)).toEqual({ text: old, mode: 0o644 })
      const written = localFiles.written.get(cursorFile)
      expect(written?.mode).toBe(0o644)
      expect(JSON.parse(written?.text ?? '')).toEqual({
        mcpServers: {
          other: { url: 'x' },
          slack: { command: '/usr/bin/slack-integrated-server', args: ['stdio', '--read-only'] },
        },
      })
      localFiles.written.delete(`${cursorFile}.bak`)
      const again = await install(['cursor', '--read-only'], { localFiles })
      expect([again.code, localFiles.written.has(`${cursorFile}.bak`)]).toEqual([0, false])
      expect(again.stderr).toStartWith(`${cursorFile} has this already; nothing to do.\n`)
    },
  )

  test('writes a file that was not there for its owner alone, unasked with --yes', async () => {
    const localFiles = new FakeLocalFiles()
    const { code, stderr } = await install(['cursor', '--yes', '--name', 'work'], { localFiles })
    expect(code).toBe(0)
    expect([...localFiles.written.keys()]).toEqual([cursorFile])
    expect(localFiles.written.get(cursorFile)?.mode).toBe(0o600)
    expect(stderr).toContain('\nDone.\n')
    expect(stderr).toContain('save the token with "slack-integrated-server init"')
  })

  test('where nobody can be asked, changes nothing without --yes', async () => {
    const localFiles = new FakeLocalFiles()
    const { code, stderr } = await install(['cursor'], { localFiles })
    expect([code, localFiles.written.size]).toEqual([2, 0])
    expect(stderr).toEndWith('nobody can be asked here: agree with --yes, or look with --print\n')
  })

  verifies('cli:mcp-install:no-token', "never puts a token into a client's file", async () => {
    const secrets = {
      SLACK_BOT_TOKEN: 'xoxb-canary',
      SLACK_SIGNING_SECRET: 'canary-signing-secret',
      MCP_AUTH_TOKENS: `canary:${'canary'.repeat(6)}`,
    }
    for (const name of Object.keys(mcpClients)) {
      for (const transport of ['stdio', 'http']) {
        const localFiles = new FakeLocalFiles()
        const env = { ...home, ...secrets }
        const run = await install([name, '--yes', '--transport', transport], { localFiles, env })
        const everything = JSON.stringify([run, [...localFiles.written]])
        expect(everything).not.toContain('canary')
        expect(run.code).toBe(transport === 'http' && ['claude-desktop', 'copilot'].includes(name) ? 2 : 0)
      }
    }
  })

  test('writes each client its own form of a server that runs', async () => {
    const printed = async (name: McpClientName, ...argv: readonly string[]) => {
      const { code, stdout, stderr } = await install([name, '--transport', 'http', '--print', ...argv])
      expect([code, stderr.startsWith(mcpClients[name].title)]).toEqual([0, true])
      return stdout
    }
    const url = 'http://127.0.0.1:3000/mcp'
    const entryOf = async (name: McpClientName, key = 'mcpServers') =>
      JSON.parse(await printed(name))[key].slack
    expect(await entryOf('claude-code')).toEqual({
      type: 'http',
      url,
      headers: { Authorization: `Bearer \${SLACK_MCP_TOKEN}` },
    })
    expect(await entryOf('cursor')).toEqual({
      url,
      headers: { Authorization: `Bearer \${env:SLACK_MCP_TOKEN}` },
    })
    expect(await entryOf('gemini')).toEqual({
      httpUrl: url,
      headers: { Authorization: 'Bearer $SLACK_MCP_TOKEN' },
    })
    const code = JSON.parse(await printed('vscode'))
    expect(code.servers.slack.headers).toEqual({ Authorization: `Bearer \${input:slack-mcp-token}` })
    expect(code.inputs).toMatchObject([{ id: 'slack-mcp-token', password: true }])
    expect(await printed('codex', '--url', 'https://slack.example.com/mcp')).toBe(
      '[mcp_servers.slack]\nurl = "https://slack.example.com/mcp"\nbearer_token_env_var = "SLACK_MCP_TOKEN"\n',
    )
    expect(await printed('codex', '--public-url', 'https://a.example', '--mount-path', '/x')).toContain(
      'https://a.example/x',
    )
  })

  test('prints what can be pasted on stdout alone, and beside it where it goes and what it needs', async () => {
    const { code, stdout, stderr } = await install(['cursor', '--print'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toHaveProperty('mcpServers.slack.command')
    expect(stderr).toBe(
      `Cursor: ${cursorFile}\nThe client starts the server without the variables of this shell: save the token with "slack-integrated-server init".\nRestart Cursor; Settings > MCP shows the server.\n`,
    )
    expect((await install(['codex', '--print', '--transport', 'http'])).stderr).toContain(
      'set SLACK_MCP_TOKEN to what "slack-integrated-server token" prints',
    )
    expect((await install(['cursor', '--print'], { env: {} })).stderr).toStartWith('Cursor\n')
  })

  test('hands on everything that was chosen of what the client may do', async () => {
    const limits = [
      ['--toolsets', 'messages,channels'],
      ['--read-only'],
      ['--read-channels', '#general,!#hr'],
      ['--write-channels', 'C024BE91L'],
      ['--no-dms'],
      ['--confirm'],
    ]
    const { stdout } = await install(['cursor', '--print', ...limits.flat()])
    const { args } = JSON.parse(stdout).mcpServers.slack
    expect(args).toEqual(['stdio', ...limits.flat()])
    const { code, stderr } = await runCommandLine(args)
    expect([code, stderr]).toEqual([78, expect.stringContaining('SLACK_BOT_TOKEN')])
  })

  test('knows where each client keeps its file, on each system', () => {
    const linux = { env: home, platform: 'linux-x64' }
    const files = Object.entries(mcpClients).map(([name, client]) => [name, client.file(linux)])
    expect(Object.fromEntries(files)).toEqual({
      'claude-code': '.mcp.json',
      'claude-desktop': '/home/ana/.config/Claude/claude_desktop_config.json',
      cursor: cursorFile,
      vscode: '.vscode/mcp.json',
      codex: '/home/ana/.codex/config.toml',
      gemini: '/home/ana/.gemini/settings.json',
      copilot: '/home/ana/.copilot/mcp-config.json',
    })
    const desktop = (env: Record<string, string>, platform: string) =>
      mcpClients['claude-desktop']?.file({ env, platform })
    expect(desktop({ HOME: '/Users/ana' }, 'darwin-arm64')).toBe(
      '/Users/ana/Library/Application Support/Claude/claude_desktop_config.json',
    )
    expect(desktop({ APPDATA: 'C:\\Users\\ana\\AppData\\Roaming' }, 'win32-x64')).toBe(
      'C:\\Users\\ana\\AppData\\Roaming/Claude/claude_desktop_config.json',
    )
    expect(desktop({}, 'win32-x64')).toBeUndefined()
    expect(desktop({}, 'linux-x64')).toBeUndefined()
  })

  test('leaves a file alone that it does not understand, and prints what to add', async () => {
    const localFiles = new FakeLocalFiles({ [cursorFile]: '{ // mine\n}' })
    const { code, stdout, stderr } = await install(['cursor', '--yes'], { localFiles })
    expect([code, localFiles.written.size]).toEqual([1, 0])
    expect(stderr).toBe(
      `slack-integrated-server: ${cursorFile} is left as it is: it holds comments, or is not a JSON object. Add this by hand:\n\n`,
    )
    expect(JSON.parse(stdout)).toHaveProperty('mcpServers.slack.command')
    const unreadable = { [cursorFile]: { kind: 'unreadable', reason: 'permission denied' } } as const
    expect((await install(['cursor', '--yes'], { files: unreadable })).stderr).toContain('permission denied')
  })

  test('says in one line why a file cannot be written', async () => {
    const localFiles = new FakeLocalFiles()
    localFiles.failsWith = 'EACCES'
    const { code, stderr } = await install(['cursor', '--yes'], { localFiles })
    expect(code).toBe(1)
    expect(stderr).toEndWith(
      `slack-integrated-server: ${cursorFile} cannot be written: permission denied; it is as it was\n`,
    )
  })

  test('refuses what means nothing', async () => {
    const refused = async (argv: readonly string[], input: CliInput = {}) => {
      const { code, stderr } = await install(argv, input)
      return [code, stderr.replace('slack-integrated-server: ', '').trimEnd()]
    }
    expect(await refused(['cursor', '--transport', 'sse'])).toEqual([2, '--transport is stdio or http'])
    expect(await refused(['cursor', '--transport', 'http', '--no-dms', '--read-only'])).toEqual([
      2,
      'with --transport http the server decides: start that one with --read-only --no-dms',
    ])
    expect((await refused(['cursor', '--name', 'a b']))[0]).toBe(2)
    expect((await refused(['cursor', '--transport', 'http', '--url', 'https://u:p@h/']))[0]).toBe(2)
    expect((await refused(['cursor', '--config', 'c.toml'], { files: { 'c.toml': '' } }))[0]).toBe(2)
    expect((await refused(['cursor', '--yes'], { env: {} }))[1]).toContain('set HOME')
    expect((await refused(['cursor', '--port', 'x']))[0]).toBe(78)
  })
})
