import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { IntegratedApp } from '../../src/app.ts'
import { listen } from '../../src/cli/listen.ts'
import { signBody } from '../../src/slack/signature.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { makeCertificate } from '../support/certificate.ts'
import { signingSecret } from '../support/http-fixture.ts'
import { describeWithTool, type RealTool } from '../support/real-tool.ts'
import { freePort } from '../support/redis-server.ts'
import { verifies } from '../support/verifies.ts'

/** The proxies of the guide, with nothing changed but ports and where the certificate lies, before a server that is set up as the guide says. */

const page = readFileSync(new URL('../../docs/deploy/reverse-proxy.md', import.meta.url), 'utf8')
const host = 'slack.example.com'
const startMaxMs = 30_000

/** The code of a language in the guide. */
function snippetOf(language: string): string {
  const text = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(page)?.[1]
  if (text === undefined) throw new Error(`The guide shows no ${language}`)
  return text
}

/** Replaces what is there exactly once. */
function put(text: string, there: string, instead: string): string {
  if (text.split(there).length !== 2) throw new Error(`Not once in the guide: ${there}`)
  return text.replace(there, () => instead)
}

/** What the guide sets for the server. */
function guideConfig(): { readonly publicUrl: string; readonly serverTrustedProxies: readonly string[] } {
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(page)?.[1] ?? ''
  return { publicUrl: value('PUBLIC_URL'), serverTrustedProxies: value('SERVER_TRUSTED_PROXIES').split(',') }
}

/** Where a proxy is to find what it needs, and to listen. */
interface Place {
  readonly folder: string
  readonly port: number
  readonly serverPort: number
}

interface Proxy extends RealTool {
  /** Ends it at once, whatever is still open. */
  readonly stopSignal: NodeJS.Signals
  /** Writes its files; what checks them, and what runs it in the foreground. */
  prepare(place: Place): { readonly check: readonly string[]; readonly run: readonly string[] }
}

const nginx: Proxy = {
  program: 'nginx',
  debian: 'nginx',
  stopSignal: 'SIGTERM',
  demandedBy: 'REQUIRE_TOOLS',
  prepare({ folder, port, serverPort }) {
    const { keyPath, certPath } = makeCertificate(folder, host)
    let site = put(snippetOf('nginx'), 'listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
    site = put(site, `/etc/ssl/${host}.pem`, certPath)
    site = put(site, `/etc/ssl/${host}.key`, keyPath)
    site = put(site, '127.0.0.1:3000', `127.0.0.1:${serverPort}`)
    const bodies = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (kind) => `${kind}_temp_path ${folder}/${kind};`,
    )
    const path = join(folder, 'nginx.conf')
    writeFileSync(
      path,
      `daemon off; pid ${folder}/pid; error_log stderr; events {} http { access_log off; ${bodies.join(' ')}\n${site}}\n`,
    )
    const args = ['-p', folder, '-c', path]
    return { check: [...args, '-t'], run: args }
  },
}

const caddy: Proxy = {
  program: 'caddy',
  debian: 'caddy',
  stopSignal: 'SIGQUIT',
  demandedBy: 'REQUIRE_TOOLS',
  prepare({ folder, port, serverPort }) {
    const site = put(snippetOf('caddyfile'), '127.0.0.1:3000', `127.0.0.1:${serverPort}`)
    const path = join(folder, 'Caddyfile')
    const globals = [
      `https_port ${port}`,
      'admin off',
      'auto_https disable_redirects',
      'local_certs',
      'skip_install_trust',
      'default_bind 127.0.0.1',
      `storage file_system ${folder}/storage`,
    ]
    writeFileSync(path, `{\n${globals.map((line) => `\t${line}\n`).join('')}}\n${site}`)
    const args = ['--config', path, '--adapter', 'caddyfile']
    return { check: ['validate', ...args], run: ['run', ...args] }
  },
}

/** Adds a path that answers what the server was told of the request. */
function showRequests({ app }: IntegratedApp): void {
  app.get('/slack/told', ({ request: { headers } }) =>
    ['host', 'x-forwarded-for', 'x-forwarded-proto'].map((name) => headers.get(name)),
  )
}

interface Answer {
  readonly status: number
  readonly isOurs: boolean
  readonly text: string
}

/** How somebody on the internet asks the proxy; the path goes out as it is written. */
const asStranger = (port: number, path: string, headers: Readonly<Record<string, string>>) => ({
  ...{ host: '127.0.0.1', port, path, servername: host, rejectUnauthorized: false, agent: false },
  headers: { host, ...headers },
})

/** What comes first of an answer that does not end. */
function firstPart(port: number, path: string, headers: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(asStranger(port, path, headers), (response) => {
      response.once('data', (part: Buffer) => {
        resolve(part.toString())
        asked.destroy()
      })
    })
    asked.on('error', reject)
    asked.end()
  })
}

function ask(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { ...asStranger(port, path, headers), method: body === undefined ? 'GET' : 'POST' },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => {
          text += part
        })
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            // Every answer of the server has one.
            isOurs: response.headers['x-correlation-id'] !== undefined,
            text,
          }),
        )
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

for (const proxy of [nginx, caddy]) {
  describeWithTool(proxy, `the ${proxy.program} of the guide`, (program) => {
    let folder = ''
    let port = 0
    let server: AppFixture
    let running: Bun.Subprocess | undefined

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), `${proxy.program}-`))
      server = await startApp({ config: { ...guideConfig(), serverRequireHttps: 'true' } }, showRequests)
      const { url } = listen(server.app, { host: '127.0.0.1', port: 0 })
      port = freePort()
      const { check, run } = proxy.prepare({ folder, port, serverPort: Number(new URL(url).port) })
      const env = { ...Bun.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
      const checked = Bun.spawnSync([program, ...check], { env })
      if (checked.exitCode !== 0) throw new Error(`${proxy.program} refuses it: ${checked.stderr}`)
      running = Bun.spawn([program, ...run], { env, stdout: 'ignore', stderr: 'ignore' })
      const endsAtMs = performance.now() + startMaxMs
      while ((await ask(port, '/').catch(() => undefined)) === undefined) {
        if (performance.now() > endsAtMs) throw new Error(`${proxy.program} does not answer`)
        await Bun.sleep(50)
      }
    }, 60_000)

    afterAll(async () => {
      running?.kill(proxy.stopSignal)
      await running?.exited
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    })

    verifies(
      'deploy:proxies',
      'publishes /slack and the MCP paths, and nothing else of the server',
      async () => {
        for (const path of ['/slack/events', '/mcp', '/mcp/messages'])
          expect([path, (await ask(port, path)).isOurs]).toEqual([path, true])
        for (const path of [
          ...[
            '/',
            '/health',
            '/livez',
            '/readyz',
            '/metrics',
            '/docs',
            '/admin/events',
            '/slackx',
            '/mcpx',
            '/x/mcp',
          ],
          ...[
            '/slack/../metrics',
            '/slack/%2e%2e/metrics',
            '/mcp/..%2fmetrics',
            '/mcp/../health',
            '//metrics',
          ],
        ]) {
          const { status, isOurs } = await ask(port, path)
          expect([path, status, isOurs]).toEqual([path, 404, false])
        }
      },
    )

    test('says what was asked for, by whom and how, whatever the stranger says of that', async () => {
      const lies = { 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'http' }
      const { text } = await ask(port, '/slack/told', lies)
      const [told, addresses, proto] = JSON.parse(text) as readonly string[]
      expect([told, proto]).toEqual([host, 'https'])
      // What stands before it came with the request, and is not believed.
      expect(addresses).toMatch(/(?:^|, )127\.0\.0\.1$/)
    })

    test('passes on an event byte by byte, so that its signature holds, and says that it came by HTTPS', async () => {
      const body = '{"type": "url_verification",  "challenge":"é\\u00e9"}'
      const timestamp = Math.floor(Date.now() / 1000)
      const headers = {
        'content-type': 'application/json',
        'x-slack-request-timestamp': String(timestamp),
        'x-slack-signature': signBody(signingSecret, timestamp, body),
      }
      const { status, text } = await ask(port, '/slack/events', headers, body)
      expect([status, JSON.parse(text)]).toEqual([200, { challenge: 'éé' }])
    })

    test('passes on the host and the bearer token of an MCP client', async () => {
      const params = {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'a client', version: '1.0.0' },
      }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      }
      expect((await ask(port, '/mcp', headers, body)).status).toBe(401)
      const authorized = { ...headers, authorization: `Bearer ${server.bearer}` }
      const { status, text } = await ask(port, '/mcp', authorized, body)
      expect([status, text]).toEqual([200, expect.stringContaining('"serverInfo"')])
    })

    test('passes on a stream while it goes on', async () => {
      const headers = { accept: 'text/event-stream', authorization: `Bearer ${server.bearer}` }
      expect(await firstPart(port, '/mcp/sse', headers)).toContain('event: endpoint')
    })
  })
}
