import { describe, expect, test } from 'bun:test'
import { type CliInput, runCommandLine } from '../support/cli-context.ts'
import { demoBench } from '../support/demo-call.ts'
import { verifies } from '../support/verifies.ts'

/** `tools call` against a demo workspace, without a socket. */
function callBench() {
  const bench = demoBench()
  const { workspace, clock } = bench
  const env = { SLACK_BOT_TOKEN: workspace.botToken, SLACK_API_URL: 'http://127.0.0.1:1/api/' }
  const call = (words: readonly string[], input: CliInput = {}) =>
    runCommandLine(['tools', 'call', ...words], {
      clock,
      fetch: (url, init) => workspace.handle(new Request(url, init)),
      ...input,
      env: { ...env, ...input.env },
    })
  return { workspace, clock, events: bench.events, callSlack: bench.call, call }
}

const post = ['slack_post_message', 'channel=#release', 'text=From the terminal'] as const

describe('tools call', () => {
  verifies(
    'cli:tools-call',
    'runs the tool for real, readable on a terminal and JSON for programs',
    async () => {
      const { call, events, clock } = callBench()
      const read = await call(['slack_read_channel_messages', 'channel=#release', 'limit=2'], {
        isTerminal: true,
      })
      expect([read.code, read.stderr]).toEqual([0, ''])
      expect(read.stdout).toStartWith('#release (C0DEMO00REL): 2 messages')

      const piped = await call(['slack_list_channels', 'limit=1'])
      expect(JSON.parse(piped.stdout)).toMatchObject({ source: 'slack', channels: [{ name: 'general' }] })
      const asked = await call(['slack_list_channels', 'limit=1', '--json'], { isTerminal: true })
      expect(JSON.parse(asked.stdout)).toEqual(JSON.parse(piped.stdout))

      expect((await call(post)).code).toBe(0)
      const texts = events.map(({ event }) => ('text' in event ? event.text : undefined))
      expect(texts).toEqual(['From the terminal'])
      expect(clock.timerCount).toBe(0)
    },
  )

  test('a failed tool is 1, with the unified error for programs and one line for people', async () => {
    const { call } = callBench()
    const { code, stdout, stderr } = await call(['slack_list_channels', 'limit=x'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'TOOL_ARGUMENTS_INVALID', component: 'mcp', details: { field: 'limit' } },
    })
    expect(stderr).toMatch(
      /^slack-integrated-server: The arguments of the tool are not valid; field: limit; [^\n]*\n$/,
    )
    const terminal = await call(['slack_list_channels', 'limit=x'], { isTerminal: true })
    expect([terminal.code, terminal.stdout, terminal.stderr]).toEqual([1, '', stderr])
  })

  test('what Slack refuses for the token is 77', async () => {
    const { call, events } = callBench()
    const dead = await call(post, { env: { SLACK_BOT_TOKEN: 'xoxb-dead' } })
    expect(dead.code).toBe(77)
    expect(JSON.parse(dead.stdout)).toMatchObject({ error: { code: 'SLACK_AUTH_FAILED' } })

    const fetch = async () =>
      new Response(JSON.stringify({ ok: true, team_id: 'T1', user_id: 'U1' }), {
        headers: { 'x-oauth-scopes': 'users:read' },
      })
    expect(await call(post, { fetch })).toEqual({
      code: 77,
      stdout: '',
      stderr:
        'slack-integrated-server: the token lacks a scope for slack_post_message (chat:write); "slack-integrated-server tools scopes" says how to get it\n',
    })
    expect(events).toEqual([])
  })

  test('what Slack refuses to do is 77 where that is for the rights of the token, else 1', async () => {
    const { call } = callBench()
    const codeFor = async (error: string) => {
      const fetch = async (url: string) =>
        Response.json(
          url.endsWith('auth.test') ? { ok: true, team_id: 'T1', user_id: 'U1' } : { ok: false, error },
        )
      const { code, stdout } = await call(post, { fetch })
      expect(JSON.parse(stdout).error.details.slack_error).toBe(error)
      return code
    }
    expect(await codeFor('missing_scope')).toBe(77)
    expect(await codeFor('not_allowed_token_type')).toBe(77)
    expect(await codeFor('is_archived')).toBe(1)
  })

  test('where nothing answers it is 69', async () => {
    const { call } = callBench()
    const fetch = () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))
    const { code, stderr } = await call([...post, '--retry', '0'], { fetch })
    expect(code).toBe(69)
    expect(stderr).toMatch(/^slack-integrated-server: [^\n]*\n$/)
  })

  test('what the configuration does not offer is 78, and it says why; Slack is not asked', async () => {
    const { call } = callBench()
    const fetch = () => Promise.reject(new Error('must not be asked'))
    const reasons = [
      [
        ['slack_list_files'],
        'slack_list_files is not offered: add its toolset with --toolsets default,files',
      ],
      [[...post, '--read-only'], 'slack_post_message is not offered: MCP_READ_ONLY leaves only what reads'],
      [
        [...post, '--exclude-tools', 'slack_post_message'],
        'slack_post_message is not offered: MCP_EXCLUDE_TOOLS names it',
      ],
      [
        ['slack_search_messages', 'query=x', '--toolsets', 'all'],
        'slack_search_messages is not offered: it needs SLACK_USER_TOKEN',
      ],
    ] as const
    for (const [words, message] of reasons) {
      expect(await call(words, { fetch })).toEqual({
        code: 78,
        stdout: '',
        stderr: `slack-integrated-server: ${message}\n`,
      })
    }
    expect((await runCommandLine(['tools', 'call', ...post])).code).toBe(78)
    expect((await call(['slack_post_message', 'text'])).code).toBe(2)
    expect((await call([])).code).toBe(2)
  })

  verifies('cli:tools-call:terminal', 'shows what steers terminals as text', async () => {
    const { call, callSlack } = callBench()
    await callSlack('chat.postMessage', { channel: 'C0DEMO00REL', text: 'a\u001b]0;x\u0007b\u202ec' })
    const { stdout } = await call(['slack_read_channel_messages', 'channel=#release', 'limit=1'], {
      isTerminal: true,
    })
    for (const character of ['\u001b', '\u0007', '\u202e']) expect(stdout).not.toContain(character)
    expect(stdout).toContain('\\u{1b}]0;x')
  })

  test('Ctrl-C is 130', async () => {
    const { call } = callBench()
    const listeners = new Set<(signal: 'SIGINT') => void>()
    const fetch = (_url: string, { signal }: RequestInit) =>
      new Promise<Response>((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason))
        for (const listener of listeners) listener('SIGINT')
      })
    const { code, stderr } = await call(post, {
      fetch,
      onSignal(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    })
    expect([code, listeners.size]).toEqual([130, 0])
    expect(stderr).toMatch(/^[^\n]*\n$/)
  })
})
