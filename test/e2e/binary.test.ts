import { describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { version } from '../../package.json'
import { targetOfThisMachine } from '../../scripts/build.ts'
import { binaryPath, runBinary, startServer } from '../support/binary.ts'
import { verifies } from '../support/verifies.ts'

/** What the binary weighed when this was last looked at is 123 MB, 105 of them Bun's. */
const binaryBytesMax = 135_000_000

describe('the binary', () => {
  verifies('S94', 'starts in an empty directory, serves, and leaves nothing behind', async () => {
    const { child, url } = await startServer()
    await using _child = child
    const response = await fetch(`${url}/livez`)
    expect([response.status, await response.json()]).toEqual([200, { status: 'alive' }])
    expect(readdirSync(child.cwd)).toEqual([])
    expect(await child.stop()).toBe(0)
    await child.closed
    expect(child.stdout.logged('server_stopped').length).toBe(1)
    expect(readdirSync(child.cwd)).toEqual([])
  })

  verifies(
    'cli:version',
    'says which version and commit it is, of which day, and for what it was made',
    async () => {
      const { exitCode, stdout, stderr } = await runBinary({ args: ['version'] })
      expect([exitCode, stderr]).toEqual([0, ''])
      expect(stdout).toStartWith(`slack-integrated-server ${version} (`)
      const [, commit, date] =
        /\(([0-9a-f]{7,}(?:-dirty)?) (\d{4}-\d\d-\d\d), bun 1\.4\.5, /.exec(stdout) ?? []
      expect(stdout).toEndWith(`, ${targetOfThisMachine()})\n`)
      const { stdout: json } = await runBinary({ args: ['version', '--json'] })
      expect(JSON.parse(json)).toMatchObject({ version, commit, date, target: targetOfThisMachine() })
    },
  )

  test('names its own functions, files and lines where something fails', async () => {
    const { child } = await startServer({
      env: { SLACK_API_URL: 'http://127.0.0.1:9/api/', LOG_LEVEL: 'debug' },
    })
    await using _child = child
    const line = await child.stdout.find((text) => text.includes('"msg":"slack_request_traced"'))
    const { error } = JSON.parse(line) as {
      readonly error: { readonly type: string; readonly stack: string }
    }
    // Minified names and places in the bundle would tell nobody anything.
    expect(error.type).toBe('ExchangeFailure')
    const [, name, path = '', row] = /at (\w+) \((src\/[\w/-]+\.ts):(\d+):\d+\)/.exec(error.stack) ?? []
    expect([name, path]).toEqual(['asExchangeFailure', 'src/slack/exchange.ts'])
    const source = await Bun.file(join(import.meta.dir, '../..', path)).text()
    expect(source.split('\n')[Number(row) - 1]).toContain('new ExchangeFailure(')
  })

  test('holds bytecode in pieces that are loaded as they are needed, and sources without their white space', async () => {
    const binary = Buffer.from(await Bun.file(binaryPath).arrayBuffer())
    // How the runtime tells a module that comes with bytecode, and a piece that imports others; the other places of the mark are the runtime's own.
    expect(binary.includes('// @bun @bytecode\nimport{')).toBe(true)
    const at = binary.indexOf('function composeApp(')
    expect(binary.subarray(at, at + 60).toString()).toStartWith(
      'function composeApp(checked,surroundings){let parts=',
    )
  })

  test('stays within its size', () => {
    expect(Bun.file(binaryPath).size).toBeLessThan(binaryBytesMax)
  })
})

describe('a hostile working directory', () => {
  verifies('binary:no-autoload', 'runs none of its code and sets none of its options', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'hostile-'))
    try {
      const planted = `require('node:fs').writeFileSync(${JSON.stringify(join(cwd, 'preload-ran'))}, '')`
      writeFileSync(join(cwd, 'preload.ts'), planted)
      writeFileSync(
        join(cwd, 'bunfig.toml'),
        'preload = ["./preload.ts"]\n[run]\npreload = ["./preload.ts"]\n',
      )
      writeFileSync(join(cwd, 'tsconfig.json'), '{"compilerOptions":{"paths":{"*":["./preload.ts"]}}}')
      writeFileSync(join(cwd, 'package.json'), '{"name":"hostile","version":"9.9.9","type":"commonjs"}')
      for (const name of ['.env', '.env.local', '.env.production', '.env.production.local']) {
        writeFileSync(join(cwd, name), 'PORT=1\nLOG_LEVEL=debug\nSLACK_BOT_TOKEN=xoxb-planted-1-2\n')
      }
      const shown = await runBinary({ args: ['config', 'show'], cwd })
      expect(shown.stdout).toMatch(/^PORT\s+3000\s+default$/m)
      expect(shown.stdout).toMatch(/^LOG_LEVEL\s+info\s+default$/im)
      expect(shown.stdout).toMatch(/^SLACK_BOT_TOKEN\s+-\s+not set$/m)
      expect(shown.stdout + shown.stderr).not.toContain('planted')
      const { stdout } = await runBinary({ args: ['version'], cwd })
      expect(stdout).toContain(version)
      expect(readdirSync(cwd)).not.toContain('preload-ran')
    } finally {
      rmSync(cwd, { recursive: true })
    }
  })
})
