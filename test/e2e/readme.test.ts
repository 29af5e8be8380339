import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageManager, scripts } from '../../package.json'
import { binaryPath, type RunningServer, startServer, testCredentials } from '../support/binary.ts'
import { type EmulatedSlack, startEmulatedSlack } from '../support/emulate-slack.ts'
import { initializeMessage } from '../support/mcp-http.ts'
import { verifies } from '../support/verifies.ts'

/**
 * The commands of the README as a new user types them: by a shell, in a home folder of its own, with the compiled binary on the PATH, against an
 * independent Slack. Doubles stand only for what belongs to another machine: `claude` notes what it is given, and what it noted is tried.
 */

const root = join(import.meta.dir, '../..')
const readme = await Bun.file(join(root, 'README.md')).text()

/** The command lines of the README's shell blocks, in order, without their comments. */
const blockCommands = [...readme.matchAll(/^( *)```sh\n(.*?)^\1```$/gms)].flatMap(([, , block = '']) =>
  block
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== ''),
)
/** The commands of this program within its sentences. */
const inlineCommands = [
  ...readme.replaceAll(/^( *)```.*?^\1```$/gms, '').matchAll(/`(slack-integrated-server [^`]+)`/g),
].map(([, command = '']) => command)

let home: string
let slack: EmulatedSlack
let server: RunningServer
let env: Readonly<Record<string, string>>

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'readme-'))
  mkdirSync(join(home, 'bin'))
  copyFileSync(binaryPath, join(home, 'bin/slack-integrated-server'))
  await Bun.write(join(home, 'bin/claude'), '#!/bin/sh\nprintf "%s\\n" "$@"\n')
  chmodSync(join(home, 'bin/claude'), 0o755)
  slack = await startEmulatedSlack([
    'channels:read',
    'channels:history',
    'channels:join',
    'groups:read',
    'users:read',
  ])
  const credentials = { ...testCredentials, SLACK_BOT_TOKEN: slack.botToken, SLACK_API_URL: slack.apiUrl }
  server = await startServer({ env: credentials })
  // Port 3000 of this machine may be somebody's.
  env = { ...credentials, PORT: '0', HOME: home, PATH: `${home}/bin:${process.env['PATH']}` }
})

afterAll(async () => {
  await server.child[Symbol.asyncDispose]()
  await slack.close()
  rmSync(home, { recursive: true })
})

/** Runs one line as a shell does. */
async function type(line: string, cwd = root) {
  const child = Bun.spawn(['/bin/sh', '-c', line], {
    cwd,
    env,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()])
  return { code: await child.exited, stdout, stderr }
}

const isProgram = (path: string) => (statSync(join(root, path)).mode & 0o111) !== 0

/** A script of this project that cannot run within its own tests: that it is there, and that a shell can read it. */
async function readsAsScript(line: string): Promise<void> {
  expect([line, isProgram(line), (await type(`sh -n ${line}`)).code]).toEqual([line, true, 0])
}

/** The value is for the reader to fill in; the variable is one that the program takes. */
async function setsVariable(line: string): Promise<void> {
  const name = /export (\w+)=/.exec(line)?.[1] ?? ''
  const { stdout } = await type(`${line} && slack-integrated-server config show`)
  expect(stdout).toMatch(new RegExp(`^${name} .* variable ${name}$`, 'm'))
}

/** How each command line of a block is tried. */
const blockTrials: Readonly<Record<string, (line: string) => Promise<void>>> = {
  // demo.test.ts follows it to its Ctrl-C; here that the script reaches the command and takes its flags.
  './scripts/start demo': async (line) => {
    const { code, stdout } = await type(`${line} --help`)
    expect([code, stdout]).toEqual([0, expect.stringContaining('--once')])
  },
  './scripts/start demo --once': async (line) => {
    const { code, stdout } = await type(line)
    expect([code, stdout]).toEqual([0, expect.stringMatching(/All \d+ steps hold\./)])
  },
  // scripts/test does both from a bare clone before any test runs; the binary of these tests is what they leave.
  './scripts/bun install && ./scripts/bun run build': async () => {
    expect((await type('./scripts/bun --version')).stdout.trim()).toBe(packageManager.replace('bun@', ''))
    expect([scripts.build, existsSync(binaryPath)]).toEqual(['bun scripts/build.ts', true])
  },
  // Without root, and into the home folder: the rest of the line as it is.
  'sudo install dist/slack-integrated-server /usr/local/bin/': async (line) => {
    const { code, stderr } = await type(line.replace('sudo ', '').replace('/usr/local/bin/', `${home}/bin/`))
    expect([code, stderr]).toEqual([0, ''])
  },
  'slack-integrated-server --help': async (line) => {
    const { code, stdout } = await type(line)
    expect([code, stdout]).toEqual([0, expect.stringContaining('slack-integrated-server')])
  },
  'export SLACK_BOT_TOKEN=xoxb-…': setsVariable,
  'export SLACK_SIGNING_SECRET=…': setsVariable,
  // It runs, started by the same name with the same two variables; only its port is another.
  'slack-integrated-server': async () => {
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    const event = await fetch(`${server.url}/slack/events`, { method: 'POST', body: '{}' })
    expect(event.status).toBe(401)
  },
  'claude mcp add --transport http slack http://127.0.0.1:3000/mcp -H "Authorization: Bearer $(slack-integrated-server token)"':
    async (line) => {
      const given = (await type(line)).stdout.trim().split('\n')
      expect(given.slice(0, 5)).toEqual(['mcp', 'add', '--transport', 'http', 'slack'])
      const [url = '', flag, header = ''] = given.slice(5)
      expect(flag).toBe('-H')
      const answer = await initialize(url, header.split(': ')[1] ?? '')
      expect(answer.status).toBe(200)
      expect((await initialize(url, 'Bearer wrong')).status).toBe(401)
    },
  './scripts/test': readsAsScript,
  './scripts/check': readsAsScript,
  '.ci/run': readsAsScript,
}

/** At the port of the server of this test instead of the one that the README names. */
function initialize(url: string, authorization: string): Promise<Response> {
  return fetch(url.replace('http://127.0.0.1:3000', server.url), {
    method: 'POST',
    headers: {
      authorization,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify(initializeMessage()),
  })
}

interface Expectation {
  readonly code: number
  /** Of stdout and stderr together. */
  readonly says: RegExp
}

/** What each command of the sentences does. */
const inlineTrials: Readonly<Record<string, Expectation>> = {
  'slack-integrated-server manifest --url': { code: 0, says: /https:\/\/api\.slack\.com\/apps\?new_app=1/ },
  // At a terminal it asks; here nobody can be asked.
  'slack-integrated-server init': { code: 2, says: /terminal/ },
  'slack-integrated-server token': { code: 0, says: /^[\w-]{43}\n$/ },
  'slack-integrated-server mcp install cursor': {
    code: 2,
    says: /\.cursor\/mcp\.json[\s\S]*"stdio"[\s\S]*--yes/,
  },
  'slack-integrated-server doctor': {
    code: 0,
    says: /^SLACK[\s\S]*^EVENTS[\s\S]*^MCP[\s\S]*^QUEUE[\s\S]*^HOST[\s\S]*0 problems/m,
  },
  "slack-integrated-server tools call slack_read_channel_messages channel='#general'": {
    code: 0,
    says: /\w/,
  },
}

const templatesLine = inlineCommands.find((line) => line.includes(' generate ')) ?? ''

describe('the README', () => {
  verifies('docs:readme', 'has no command that is not tried here, and none is tried that it lacks', () => {
    expect(new Set(blockCommands)).toEqual(new Set(Object.keys(blockTrials)))
    expect(new Set(inlineCommands)).toEqual(new Set([...Object.keys(inlineTrials), templatesLine]))
  })

  for (const line of new Set(blockCommands)) {
    test(`says truly: ${line}`, async () => {
      await (blockTrials[line] ?? expect.unreachable)(line)
    })
  }

  for (const line of new Set(inlineCommands.filter((command) => command !== templatesLine))) {
    verifies('docs:readme', `says truly, in a sentence: ${line}`, async () => {
      const { code, stdout, stderr } = await type(line, home)
      expect([code, stdout + stderr]).toEqual([
        inlineTrials[line]?.code ?? -1,
        expect.stringMatching(inlineTrials[line]?.says ?? ''),
      ])
    })
  }

  test('names files that generate prints', async () => {
    const [command = '', ...names] = templatesLine.split(/ \| | generate /)
    expect(names.length).toBeGreaterThan(5)
    for (const name of names) {
      const { code, stdout } = await type(`${command} generate ${name}`)
      expect([name, code, stdout.length > 100]).toEqual([name, 0, true])
    }
  })

  test('names paths that the server serves, and flags and variables that it has', async () => {
    const help = (await type('slack-integrated-server serve --help')).stdout
    const text = help.replaceAll(/\s+/g, ' ')
    const flags = [...readme.matchAll(/`(--[a-z-]+)`/g)].map(([, flag = '']) => flag)
    for (const flag of flags) expect(text).toContain(flag)
    const variables = readme.match(/\b(?:MCP|FORWARD|CORS|REDIS|STATE|SLACK)_[A-Z_]+\b/g) ?? []
    for (const variable of variables) expect(text).toContain(variable)
    for (const path of ['/health', '/livez', '/readyz', '/metrics', '/docs', '/openapi.json']) {
      expect(readme).toContain(path)
      expect([path, (await fetch(server.url + path)).status]).toEqual([path, 200])
    }
  })
})
