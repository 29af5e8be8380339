import { describe, expect, test } from 'bun:test'
import { type CliInput, runCommandLine } from '../support/cli-context.ts'
import { demoBench } from '../support/demo-call.ts'
import { FakeLocalFiles } from '../support/fake-local-files.ts'
import { configOf, load } from '../support/load-config.ts'
import { verifies } from '../support/verifies.ts'

const path = '/home/ana/.config/slack-integrated-server/config.toml'
const apiUrl = 'http://127.0.0.1:1/api/'
const secret = '0123456789abcdef0123456789abcdef'

/** `init` against a demo workspace; `typed` are the answers in order. */
function initBench(localFiles = new FakeLocalFiles()) {
  const { workspace, clock } = demoBench()
  const init = (
    typed: readonly string[],
    { argv = [], ...input }: CliInput & { argv?: readonly string[] } = {},
  ) =>
    runCommandLine(['init', ...argv], {
      typed,
      clock,
      localFiles,
      fetch: (url, init) => workspace.handle(new Request(url, init)),
      ...input,
      env: { HOME: '/home/ana', SLACK_API_URL: apiUrl, ...input.env },
    })
  const { botToken, userToken } = workspace
  return { init, localFiles, botToken, userToken, clock }
}

function loaded(text: string) {
  return configOf(load({ purpose: 'serve', env: { HOME: '/home/ana' }, files: { [path]: text } }))
}

describe('init', () => {
  verifies(
    'cli:init',
    'checks the tokens and writes a configuration that serves, for its owner alone',
    async () => {
      const { init, localFiles, botToken, userToken, clock } = initBench()
      const answers = ['y', 'https://slack.example.com/', botToken, userToken, secret]
      const { code, stdout, stderr } = await init(answers)
      expect([code, stdout]).toEqual([0, `Saved ${path} (only you can read it).\n`])
      expect(stderr).toContain('ok  Tidemark (T0DEMO0TIDE) as @slack-mcp (')
      for (const one of [botToken, userToken, secret]) expect(stderr).not.toContain(one)

      expect([...localFiles.written.keys()]).toEqual([path])
      const { text = '', mode } = localFiles.written.get(path) ?? {}
      expect(mode).toBe(0o600)
      const config = loaded(text)
      expect(config.slackBotToken?.reveal()).toBe(botToken)
      expect(config.slackUserToken?.reveal()).toBe(userToken)
      expect(config.slackSigningSecret.map((one) => one.reveal())).toEqual([secret])
      expect([config.publicUrl, config.slackApiUrl, config.mcpReadOnly, config.webhookEnabled]).toEqual([
        'https://slack.example.com',
        apiUrl,
        false,
        true,
      ])
      expect(clock.timerCount).toBe(0)
    },
  )

  test('links the page that creates the app for what was chosen', async () => {
    const { init, localFiles, botToken } = initBench()
    const { code, stderr } = await init(['', '', botToken, ''])
    expect(code).toBe(0)
    const link = new URL(/https:\/\/api\.slack\.com\/apps\?\S+/.exec(stderr)?.[0] ?? '')
    const manifest = JSON.parse(link.searchParams.get('manifest_json') ?? '')
    expect(manifest.oauth_config.scopes.bot).not.toContain('chat:write')
    expect(manifest.settings.event_subscriptions).toBeUndefined()
    const config = loaded(localFiles.written.get(path)?.text ?? '')
    expect([config.mcpReadOnly, config.webhookEnabled, config.slackUserToken]).toEqual([
      true,
      false,
      undefined,
    ])
  })

  test('asks again for what cannot be right, and says why without repeating it', async () => {
    const { init, localFiles, botToken, userToken } = initBench()
    const { code, stderr } = await init([
      'y',
      'http://slack.example.com',
      'https://slack.example.com',
      'xapp-canary',
      'xoxb-canary',
      'xoxb-can ary',
      botToken,
      'xoxb-canary',
      userToken,
      'canary',
      secret,
    ])
    expect([code, localFiles.written.size]).toEqual([0, 1])
    expect(stderr).not.toContain('canary')
    // What Slack refuses is not saved, whatever the person says.
    expect(stderr).not.toContain('Save it all the same?')
    for (const line of [
      'That is no https URL',
      'That is not one: it does not begin with xoxb-, as bot tokens do.',
      'invalid_auth',
      'That is not one: it does not begin with xoxp-, as user tokens do.',
      'That is not one: it is not 32 hexadecimal digits, as signing secrets are.',
    ]) {
      expect(stderr).toContain(line)
    }
  })

  test('saves a token that Slack could not be asked about only where that is wanted', async () => {
    const fetch = () => Promise.resolve(new Response('proxy', { status: 407 }))
    const wanted = initBench()
    const yes = await wanted.init(['', '', 'xoxb-1', 'y', ''], { fetch })
    expect([yes.code, wanted.localFiles.written.size]).toEqual([0, 1])
    const unwanted = initBench()
    const no = await unwanted.init(['', '', 'xoxb-1', 'n'], { fetch })
    expect([no.code, unwanted.localFiles.written.size]).toEqual([1, 0])
  })

  verifies(
    'cli:init:careful',
    'overwrites only what it was told to, and writes nothing when given up',
    async () => {
      const { init, localFiles, botToken } = initBench(new FakeLocalFiles({ [path]: '# mine' }))
      for (const typed of [['n', '', '', botToken, ''], [], ['y'], ['y', '', ''], ['y', '', '', botToken]]) {
        const { code, stderr } = await init(typed)
        expect([code, localFiles.written.size]).toEqual([1, 0])
        expect(stderr).toEndWith('Nothing was written.\n')
      }
      expect((await init(['y', '', '', botToken, ''])).code).toBe(0)
      expect(localFiles.written.get(`${path}.bak`)?.text).toBe('# mine')
      const elsewhere = initBench()
      await elsewhere.init(['', '', elsewhere.botToken, ''], { argv: ['--config', '/srv/c.toml'] })
      expect([...elsewhere.localFiles.written.keys()]).toEqual(['/srv/c.toml'])
    },
  )

  test('Ctrl-C is 130, and writes nothing', async () => {
    const { init, localFiles } = initBench()
    const listeners = new Set<(signal: 'SIGINT') => void>()
    const { code, stderr } = await init(['', '', 'xoxb-1'], {
      onSignal(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      fetch: (_url, { signal }) =>
        new Promise<Response>((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason))
          for (const listener of listeners) listener('SIGINT')
        }),
    })
    expect([code, localFiles.written.size, listeners.size]).toEqual([130, 0, 0])
    expect(stderr).toEndWith('Nothing was written.\n')
  })

  test('says in one line why the file cannot be written', async () => {
    const { init, localFiles, botToken } = initBench()
    localFiles.failsWith = 'ENOSPC'
    const { code, stdout, stderr } = await init(['', '', botToken, ''])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toEndWith(
      `slack-integrated-server: ${path} cannot be written: no space is left; nothing was changed. Name another with --config\n`,
    )
  })

  test('asks nothing where what is answered could not be kept', async () => {
    const closed = initBench()
    closed.localFiles.isClosedWith = 'EACCES'
    const facts = (kind: 'directory' | 'other') => ({ [path]: { kind, mode: 0o755, isWritable: true } })
    const cases = {
      'permission denied': closed,
      'it is a directory': initBench(new FakeLocalFiles({}, facts('directory'))),
      'it is no file': initBench(new FakeLocalFiles({}, facts('other'))),
    }
    for (const [reason, { init, localFiles }] of Object.entries(cases)) {
      expect(await init(['y', 'y', '', '', ''])).toEqual({
        code: 1,
        stdout: '',
        stderr: `slack-integrated-server: ${path} cannot be written: ${reason}; nothing was changed. Name another with --config\n`,
      })
      expect(localFiles.written.size).toBe(0)
    }
  })

  test('asks nothing more once it is given up, whatever the question', async () => {
    const { init, localFiles, botToken } = initBench(new FakeLocalFiles({ [path]: '# mine' }))
    const dialogue = [
      ['Replace it?', 'y'],
      ['May AI clients post', 'y'],
      ['https URL at which', 'https://slack.example.com'],
      ['Bot User OAuth Token', botToken],
      ['User OAuth Token, for search', ''],
      ['Signing Secret (', secret],
    ] as const
    const answers = dialogue.map(([, answer]) => answer)
    for (const given of dialogue.keys()) {
      const { code, stderr } = await init(answers.slice(0, given))
      const asked = dialogue.filter(([question]) => stderr.includes(question))
      expect([code, asked, localFiles.written.size]).toEqual([1, dialogue.slice(0, given + 1), 0])
      expect(stderr).toEndWith(' Nothing was written.\n')
    }
    const fetch = () => Promise.resolve(new Response('proxy', { status: 407 }))
    const { stderr } = await init(['y', 'y', '', botToken], { fetch })
    expect(stderr).toEndWith('Save it all the same? [y/N] Nothing was written.\n')
  })

  verifies('cli:init:no-terminal', 'says what to do instead where nobody can be asked', async () => {
    const localFiles = new FakeLocalFiles()
    const { code, stdout, stderr } = await runCommandLine(['init'], {
      localFiles,
      env: { HOME: '/home/ana' },
    })
    expect([code, stdout, localFiles.written.size]).toEqual([2, '', 0])
    for (const part of ['manifest --url', 'SLACK_BOT_TOKEN', path, 'doctor']) expect(stderr).toContain(part)
    expect((await runCommandLine(['init'], { typed: [] })).stderr).toContain('set HOME, or give --config')
  })
})
