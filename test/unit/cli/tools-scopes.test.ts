import { describe, expect, test } from 'bun:test'
import { runCommandLine } from '../../support/cli-context.ts'
import { demoBench } from '../../support/demo-call.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { verifies } from '../../support/verifies.ts'

/** Slack's answer to auth.test by a token with these scopes. */
function slackGranting(scopes: string | undefined, answer: object = {}) {
  const asked: string[] = []
  const fetch = async (url: string, { headers }: RequestInit) => {
    asked.push(`${url} ${new Headers(headers).get('authorization')}`)
    const body = { ok: true, team_id: 'T1', team: 'Acme', user_id: 'U1', user: 'bot', ...answer }
    return new Response(JSON.stringify(body), {
      headers: { ...(scopes === undefined ? {} : { 'x-oauth-scopes': scopes }) },
    })
  }
  return { asked, fetch }
}

const rowsOf = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/))

describe('tools scopes', () => {
  verifies(
    'cli:tools-scopes',
    'says what each tool needs, what the token lacks, and how to get it',
    async () => {
      const { fetch, asked } = slackGranting('chat:write,channels:history')
      const env = { SLACK_BOT_TOKEN: 'xoxb-1' }
      const { code, stdout, stderr } = await runCommandLine(['tools', 'scopes'], { env, fetch })
      expect(code).toBe(0)
      expect(asked).toEqual(['https://slack.com/api/auth.test Bearer xoxb-1'])
      const rows = rowsOf(stdout)
      expect(rows[0]).toEqual(['TOOL', 'TOKEN', 'SCOPES', 'LACKS'])
      const row = (name: string) => rows.find(([first]) => first === name)
      expect(row('slack_post_message')).toEqual(['slack_post_message', 'bot', 'chat:write', '-'])
      // One of several is enough.
      expect(row('slack_read_channel_messages')?.at(-1)).toBe('-')
      expect(row('slack_list_channels')?.at(-1)).toBe('channels:read | groups:read | im:read | mpim:read')
      expect(row('slack_read_emojis')?.at(-1)).toBe('emoji:read')
      expect(stderr).toStartWith('The token lacks channels:read, emoji:read, ')
      expect(stderr).toContain('Paste what "slack-integrated-server manifest" prints into ')
    },
  )

  verifies(
    'cli:tools-scopes',
    'names the command whose manifest has the scopes of the tools that were asked about',
    async () => {
      const { fetch } = slackGranting('chat:write')
      const env = { SLACK_BOT_TOKEN: 'xoxb-1' }
      const flags = ['--toolsets', 'files,bookmarks_pins', '--exclude-tools=slack_list_files', '--read-only']
      const { stderr } = await runCommandLine(['tools', 'scopes', ...flags], { env, fetch })
      const [, lacked = '', command = ''] =
        /^The token lacks (.+?)\. Paste what "slack-integrated-server (.+?)" prints into /.exec(stderr) ?? []
      const { code, stdout } = await runCommandLine(command.split(' '), { env })
      expect(code).toBe(0)
      expect(lacked.split(', ')).toEqual(['bookmarks:read', 'files:read', 'pins:read'])
      expect(JSON.parse(stdout).oauth_config.scopes.bot).toEqual(expect.arrayContaining(lacked.split(', ')))
    },
  )

  test('asks nobody without a token, and says so', async () => {
    const { asked, fetch } = slackGranting('')
    const { code, stdout, stderr } = await runCommandLine(['tools', 'scopes'], { fetch })
    expect([code, asked]).toEqual([0, []])
    expect(rowsOf(stdout)[0]).toEqual(['TOOL', 'TOKEN', 'SCOPES'])
    expect(stderr).toContain('Without SLACK_BOT_TOKEN')
  })

  test('tells a tool that wants the other token, and prints the same for programs', async () => {
    const { fetch } = slackGranting('chat:write')
    const env = { SLACK_BOT_TOKEN: 'xoxb-1', MCP_TOOLSETS: 'search,messages' }
    const { stdout } = await runCommandLine(['tools', 'scopes'], { env, fetch })
    const search = rowsOf(stdout).find(([name]) => name === 'slack_search_messages')
    expect([search?.[1], search?.at(-1)]).toEqual(['user', 'the token'])
    const json = await runCommandLine(['tools', 'scopes', '--json'], { env, fetch })
    const rows: readonly { readonly name: string; readonly missing: unknown }[] = JSON.parse(json.stdout)
    expect(rows.find(({ name }) => name === 'slack_search_messages')?.missing).toBeNull()
    expect(rows.find(({ name }) => name === 'slack_post_message')?.missing).toEqual([])
  })

  test('says where Slack does not tell the scopes', async () => {
    const { fetch } = slackGranting(undefined)
    const { code, stdout, stderr } = await runCommandLine(['tools', 'scopes'], {
      env: { SLACK_BOT_TOKEN: 'xoxb-1' },
      fetch,
    })
    expect([code, stderr]).toEqual([0, 'Slack did not say which scopes the token has.\n'])
    expect(rowsOf(stdout)[1]?.at(-1)).toBe('?')
  })

  verifies(
    'cli:call-failures',
    'ends with 77 where Slack refuses the token, 69 where nothing answers',
    async () => {
      const env = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_API_URL: 'http://127.0.0.1:1/api/' }
      const { workspace } = demoBench()
      const refused = await runCommandLine(['tools', 'scopes'], {
        env,
        fetch: (url, init) => workspace.handle(new Request(url, init)),
      })
      expect(refused).toEqual({
        code: 77,
        stdout: '',
        stderr: expect.stringMatching(/^slack-integrated-server: [^\n]*invalid_auth[^\n]*\n$/),
      })
      const clock = new FakeClock()
      const fetch = () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))
      const away = runCommandLine(['tools', 'scopes'], { env, fetch, clock })
      await clock.advance(8_000)
      expect(await away).toEqual({
        code: 69,
        stdout: '',
        stderr: expect.stringMatching(/^slack-integrated-server: [^\n]*reason: network[^\n]*\n$/),
      })
      expect(clock.timerCount).toBe(0)
    },
  )
})
