import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { credentials } from '../support/load-config.ts'
import { verifies } from '../support/verifies.ts'

/** main.ts as a process of its own: files, pipes and exit codes are real. */

const main = new URL('../../src/main.ts', import.meta.url).pathname
let directory = ''

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'process-edge-'))
})
afterAll(() => rm(directory, { recursive: true }))

async function run(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawn([process.execPath, main, ...argv], {
    cwd: directory,
    env,
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()])
  return { code: await child.exited, stdout, stderr }
}

async function write(name: string, text: string): Promise<string> {
  const path = join(directory, name)
  await Bun.write(path, text)
  return path
}

verifies('cli:exit-codes', 'the process ends with the code of the command', async () => {
  expect((await run(['config', 'check'], credentials)).code).toBe(0)
  expect((await run(['config', 'check'])).code).toBe(78)
  expect((await run(['--prot'])).code).toBe(2)
})

verifies('cli:broken-pipe', 'a reader that went away is no failure', async () => {
  const shell = `"${process.execPath}" "${main}" config schema | true; echo "\${PIPESTATUS[0]}"`
  const child = Bun.spawn(['bash', '-c', shell], { env: {}, stdout: 'pipe', stderr: 'pipe' })
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()])
  expect([stdout, stderr]).toEqual(['0\n', ''])
})

describe('files', () => {
  const mebibyte = 1_048_576
  const comment = (byteCount: number) => `#${'x'.repeat(byteCount - 1)}`

  verifies('cli:file-size', 'of up to 1 MiB are read, larger and endless ones are not', async () => {
    const exact = await write('exact.toml', comment(mebibyte))
    expect((await run(['config', 'check', '--config', exact], credentials)).code).toBe(0)
    const larger = await write('larger.toml', comment(mebibyte + 1))
    for (const path of [larger, '/dev/zero']) {
      const { code, stderr } = await run(['config', 'check', '--config', path], credentials)
      expect([code, stderr]).toEqual([
        78,
        expect.stringContaining(`${path}: it is larger than 1048576 bytes`),
      ])
    }
  })

  test('that are directories, missing, or below a file, are named as such', async () => {
    const plain = await write('plain', '')
    const rows = [
      [directory, 'it is a directory'],
      [join(directory, 'gone.toml'), 'there is no such file'],
      [join(plain, 'config.toml'), 'there is no such file'],
    ] as const
    for (const [path, reason] of rows) {
      const { code, stderr } = await run(['config', 'check', '--config', path], credentials)
      expect([code, stderr]).toEqual([78, expect.stringContaining(`${path}: ${reason}`)])
    }
  })

  test('of secrets may be links, as Kubernetes mounts them', async () => {
    const secret = await write('bot-token', 'xoxb-1\n')
    const link = join(directory, 'link')
    await symlink(secret, link)
    const env = { SLACK_BOT_TOKEN_FILE: link, SLACK_SIGNING_SECRET: 's' }
    expect((await run(['config', 'check'], env)).code).toBe(0)
  })

  test('in the working directory are not looked for', async () => {
    await write('config.toml', 'nonsense')
    await write('slack-integrated-server/config.toml', 'nonsense')
    expect((await run(['config', 'check'], { ...credentials, HOME: directory })).code).toBe(0)
    await write('.config/slack-integrated-server/config.toml', 'nonsense')
    expect((await run(['config', 'check'], { ...credentials, HOME: directory })).code).toBe(78)
  })
})
