import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binaryPath, startServer, testCredentials } from '../support/binary.ts'
import { openNotifyReceiver } from '../support/notify-receiver.ts'
import { verifies } from '../support/verifies.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reload-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const first = 'a'.repeat(40)
const second = 'b'.repeat(40)
/** The status of an MCP request that bears `token`: anything but 401 got in. */
async function statusWith(url: string, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const response = await fetch(`${url}/mcp`, { method: 'POST', headers, body: '{}' })
  await response.text()
  return response.status
}

describe.skipIf(process.platform === 'win32')('SIGHUP', () => {
  verifies('reload:signal', 'reads the file, the files it names and the env file again', async () => {
    const tokenFile = write('token', first)
    const config = write('config.toml', `[[mcp.tokens]]\nname = "one"\ntoken_file = "${tokenFile}"\n`)
    const envFile = write('settings.env', 'LOG_LEVEL=info\n')
    const { child, url, port } = await startServer({ args: ['--config', config, '--env-file', envFile] })
    await using _ = child
    expect([await statusWith(url, first), await statusWith(url, second)]).toEqual([400, 401])
    writeFileSync(tokenFile, second)
    write('settings.env', `LOG_LEVEL=debug\nSERVER_SHUTDOWN_SECONDS=7\n`)
    child.signal('SIGHUP')
    await child.stdout.find((line) => line.includes('"msg":"config_restart_needed"'))
    expect([await statusWith(url, first), await statusWith(url, second)]).toEqual([401, 400])
    const [reloaded] = child.stdout.logged('config_reloaded')
    expect(reloaded).toMatchObject({ changed: ['[mcp] tokens', 'LOG_LEVEL'] })
    expect(child.stdout.logged('config_restart_needed')).toMatchObject([
      { options: ['SERVER_SHUTDOWN_SECONDS'] },
    ])
    // The level counts for every line from now on, and nothing of a secret is in one.
    await child.stdout.find((line) => line.includes('"msg":"mcp_request_refused"'))
    expect(child.stdout.text).not.toContain(second)
    const health: unknown = await (await fetch(`http://127.0.0.1:${port}/health`)).json()
    expect(health).toMatchObject({ configuration: { last_reload: 'applied' } })
    expect(await child.stop()).toBe(0)
  })

  verifies(
    'reload:refused',
    'keeps the configuration where the new one is wrong, and names every problem',
    async () => {
      const config = write('broken.toml', `[mcp]\nauth_tokens = "one:${first}"\n`)
      const { child, url } = await startServer({ args: ['--config', config] })
      await using _ = child
      write('broken.toml', `[mcp]\nauth_tokens = "one:short"\nread_onyl = true\n[server]\nport = "x"\n`)
      child.signal('SIGHUP')
      const line = await child.stdout.find((text) => text.includes('"msg":"config_reload_refused"'))
      expect(JSON.parse(line)).toMatchObject({ level: 'error', problems: 2 })
      expect(child.stdout.logged('config_problem_found')).toMatchObject([
        { option: expect.stringContaining('read_onyl') },
        { problem: expect.stringContaining('32 characters') },
      ])
      expect(child.stdout.text).not.toContain('one:short')
      expect(await statusWith(url, first)).toBe(400)
      const metrics = await (await fetch(`${url}/metrics`)).text()
      expect(metrics).toContain('\nslackmcp_config_last_reload_successful 0\n')
      expect(metrics).toContain('\nslackmcp_config_reloads_total{outcome="refused"} 1\n')
      expect(await child.stop()).toBe(0)
    },
  )

  verifies('reload:signal', 'loses no request, however often it comes', async () => {
    const { child, url } = await startServer()
    await using _ = child
    let isOver = false
    const ask = async () => {
      const seen = new Set<number>()
      while (!isOver) seen.add((await fetch(`${url}/readyz`)).status)
      return seen
    }
    const asking = Promise.all(Array.from({ length: 4 }, ask))
    const rounds = 20
    for (let round = 1; round <= rounds; round++) {
      child.signal('SIGHUP')
      // One at a time: signals that come together are one.
      await child.stdout.find(() => child.stdout.logged('config_reloaded').length === round)
    }
    isOver = true
    expect(await asking).toEqual(Array.from({ length: 4 }, () => new Set([200])))
    expect(await child.stop()).toBe(0)
  })
})

describe.skipIf(process.platform !== 'linux')('on Linux', () => {
  verifies('reload:signal', 'the service manager hears when a reload begins and ends', async () => {
    const address = `@reload-${process.pid}`
    const receiver = openNotifyReceiver(address)
    const { child, url } = await startServer({ env: { NOTIFY_SOCKET: address } })
    try {
      expect(receiver.receive()).toBe(`READY=1\nSTATUS=Listening on ${url}`)
      const before = await uptimeMicroseconds()
      child.signal('SIGHUP')
      const [, text] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(receiver.receive()) ?? []
      expect(receiver.receive()).toBe(`READY=1\nSTATUS=Listening on ${url}`)
      // The same clock: later than the signal, and not yet to come.
      const saidAt = Number(text)
      expect(saidAt).toBeGreaterThanOrEqual(before - centisecond)
      expect(saidAt).toBeLessThanOrEqual((await uptimeMicroseconds()) + centisecond)
    } finally {
      await child[Symbol.asyncDispose]()
      receiver.close()
    }
  })

  verifies(
    'reload:signal',
    'a terminal that is closed ends the server, a SIGHUP from elsewhere does not',
    async () => {
      let screen = ''
      const decoder = new TextDecoder()
      const child = Bun.spawn([binaryPath, 'serve'], {
        env: { ...testCredentials, PORT: '0', LOG_FORMAT: 'json', HOME: folder },
        terminal: {
          cols: 400,
          rows: 40,
          data: (_, bytes) => (screen += decoder.decode(bytes, { stream: true })),
        },
      })
      try {
        await until(() => screen.includes('server_started'))
        child.kill('SIGHUP')
        await until(() => screen.includes('config_reloaded'))
        child.terminal?.close()
        expect(await child.exited).toBe(0)
      } finally {
        child.kill('SIGKILL')
      }
    },
  )
})

const centisecond = 10_000

/** /proc/uptime counts like CLOCK_MONOTONIC where the machine never slept, in hundredths of a second. */
async function uptimeMicroseconds(): Promise<number> {
  return Number((await Bun.file('/proc/uptime').text()).split(' ')[0]) * 1_000_000
}

async function until(isSo: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 20_000
  while (!isSo()) {
    if (Date.now() > deadlineMs) throw new Error('It never came')
    await Bun.sleep(5)
  }
}
