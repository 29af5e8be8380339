import { expect, test } from 'bun:test'
import { runBinary, spawnBinary } from '../support/binary.ts'
import { initializeMessage } from '../support/mcp-http.ts'
import { verifies } from '../support/verifies.ts'

const timeoutMs = 60_000

verifies(
  'demo:tour',
  'the tour holds on the compiled binary, without a terminal, credentials or node_modules',
  async () => {
    const { exitCode, stdout, stderr } = await runBinary({ args: ['demo', '--once'] })
    expect(stdout).toContain('All 13 steps hold.')
    expect(stdout.match(/^ {2}ok {4}/gm)).toHaveLength(13)
    expect(stdout).not.toContain('FAIL')
    // Plain text: no terminal reads it.
    expect(stdout).not.toContain('\u001b')
    expect([exitCode, stderr]).toEqual([0, ''])
  },
  timeoutMs,
)

verifies(
  'demo:run',
  'the demo runs until Ctrl-C: it prints what to paste, which works, and shows events as they are consumed',
  async () => {
    await using demo = spawnBinary({ args: ['demo', '--port', '0'] })
    const line = await demo.stdout.find((text) => text.includes('"mcpServers"'))
    const config = JSON.parse(line) as {
      mcpServers: { 'slack-demo': { url: string; headers: Record<string, string> } }
    }
    const { url, headers } = config.mcpServers['slack-demo']
    const initialize = (authorization: Record<string, string>) =>
      fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          ...authorization,
        },
        body: JSON.stringify(initializeMessage()),
      })
    expect((await initialize(headers)).status).toBe(200)
    expect((await initialize({})).status).toBe(401)
    await demo.stdout.find((text) => /^\d\d:\d\d:\d\d {2}#release {3}ana {8}Seat maps/.test(text))
    demo.signal('SIGINT')
    expect(await demo.exited).toBe(0)
    await demo.closed
    expect(demo.stdout.text).toContain('Stopped. The workspace and everything said in it are gone.')
    expect(demo.stderr.text).toBe('')
  },
  timeoutMs,
)

verifies(
  'demo:isolated',
  'nothing of the environment reaches the demo but its options',
  async () => {
    const { exitCode, stdout } = await runBinary({
      args: ['demo', '--once'],
      env: {
        SLACK_BOT_TOKEN: 'xoxb-real',
        SLACK_SIGNING_SECRET: 'real',
        SLACK_API_URL: 'https://slack.invalid/api/',
        QUEUE_BACKEND_TYPE: 'redis',
        REDIS_URL: 'redis://127.0.0.1:1',
      },
    })
    expect(stdout).toContain('All 13 steps hold.')
    expect(exitCode).toBe(0)
  },
  timeoutMs,
)

test(
  'a port in use is one line and exit code 1',
  async () => {
    using taken = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('') })
    const { exitCode, stdout, stderr } = await runBinary({ args: ['demo', '--port', String(taken.port)] })
    expect(stderr).toBe(
      `slack-integrated-server: port ${taken.port} on 127.0.0.1 is in use by another process; choose another with PORT or --port\n`,
    )
    expect([exitCode, stdout]).toEqual([1, ''])
  },
  timeoutMs,
)
