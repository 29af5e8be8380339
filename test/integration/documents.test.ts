import { afterEach, describe, expect, test } from 'bun:test'
import type { AnyElysia } from 'elysia'
import type { IntegratedAppOptions } from '../../src/app-options.ts'
import { Secret } from '../../src/base/secret.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { verifies } from '../support/verifies.ts'

/** The API document and its page: all routes are in it, and the page asks nobody but this server. */

const running: AppFixture[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()))
})

async function start(options: IntegratedAppOptions = {}): Promise<AppFixture> {
  const server = await startApp(options)
  running.push(server)
  return server
}

interface Operation {
  readonly summary?: string
  readonly security?: unknown
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

async function documented(app: AnyElysia): Promise<ReadonlyMap<string, Operation>> {
  const response = await app.handle(new Request('http://localhost/openapi.json'))
  const { paths } = (await response.json()) as { readonly paths: Paths }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
  )
  return new Map(operations)
}

/** What describes the others. */
const own: ReadonlySet<string> = new Set(['GET /docs', 'GET /docs/viewer.js', 'GET /openapi.json'])

/** The routes that take a method; `ALL` is how MCP refuses the other methods of its paths. */
const served = ({ routes }: AnyElysia) =>
  routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path}`)
    .filter((route) => !own.has(route))
    .toSorted()

const modes: readonly (readonly [what: string, options: IntegratedAppOptions])[] = [
  ['sse mode', {}],
  ['streamable-http mode', { mcpTransport: 'streamable-http' }],
  ['another mount path', { mcpMountPath: '/api/mcp' }],
  ['MCP alone', { config: { webhookEnabled: false } }],
  ['the webhook alone', { config: { mcpEnabled: false } }],
]

describe('the document', () => {
  for (const [what, options] of modes) {
    verifies('S20', `has every route of ${what}, each with what it is for, and no other`, async () => {
      const { app } = await start(options)
      const operations = await documented(app)
      expect([...operations.keys()].toSorted()).toEqual(served(app))
      expect(operations.size).toBeGreaterThan(5)
      for (const [route, { summary, security }] of operations) {
        expect([route, summary]).toEqual([route, expect.stringMatching(/\w{3}/)])
        const isOpen = /^(GET \/(health|livez|readyz|metrics)|POST \/slack\/\w+)$/.test(route)
        expect([route, security !== undefined]).toEqual([route, !isOpen])
      }
    })
  }

  test('of a separate admin listener has the routes of both', async () => {
    const { app, admin } = await start({ config: { adminPort: 1 } })
    if (admin === undefined) return expect.unreachable()
    const operations = await documented(admin)
    expect([...operations.keys()].toSorted()).toEqual(
      [...new Set([...served(app), ...served(admin)])].toSorted(),
    )
  })
})

describe('the page', () => {
  verifies('S20', 'loads its one script from here, and may load nothing from anywhere else', async () => {
    const server = await start()
    const response = await server.request('/docs')
    const page = await response.text()
    const loaded = [...page.matchAll(/(?:src|href|spec-url)="([^"]*)"/g)].map(([, address]) => address)
    expect(loaded).toEqual(['/openapi.json', '/docs/viewer.js'])
    for (const address of loaded) expect((await server.request(address ?? '')).status).toBe(200)
    expect(page).not.toMatch(/@import|url\(|<style|<link|\/\/\w/)
    const policy = response.headers.get('content-security-policy') ?? ''
    const directives = policy.split('; ').map((text) => text.split(' '))
    const sources = directives.flatMap(([, ...values]) => values)
    expect(directives).toContainEqual(['default-src', "'none'"])
    expect(directives).toContainEqual(['connect-src', "'self'"])
    expect(directives).toContainEqual(['script-src', "'self'"])
    expect(
      sources.filter((source) => !["'none'", "'self'", "'unsafe-inline'", 'data:'].includes(source)),
    ).toEqual([])
  })

  test('asks for no fonts and keeps no token that is typed into it', async () => {
    const page = await (await (await start()).request('/docs')).text()
    for (const attribute of ['load-fonts="false"', 'persist-auth="false"', 'allow-server-selection="false"'])
      expect(page).toContain(attribute)
    expect(page).not.toMatch(/localStorage|sessionStorage|cookie|api-key-value/)
  })

  test('comes with the viewer of its package, whole', async () => {
    const response = await (await start()).request('/docs/viewer.js')
    expect(response.headers.get('content-type')).toStartWith('text/javascript')
    const script = new TextDecoder().decode(Bun.gunzipSync(await response.arrayBuffer()))
    expect(script).toContain('rapi-doc')
    expect(script.length).toBeGreaterThan(500_000)
  })
})

test('documents and metrics name no team, channel, user, principal or token, whoever did what', async () => {
  const token = 'canary-token-canary-token-canary-token'
  const server = await start({
    mcpTransport: 'streamable-http',
    config: {
      mcpAuthTokens: [{ name: 'canary-principal', token: new Secret(token) }],
      limitsPrincipalRequestsPerMinute: 3,
      limitsToolCallsPerMinute: 1,
    },
  })
  await server.slack.identify()
  await server.event('Ev1', { type: 'message', channel: 'C0CANARY', user: 'U0CANARY', text: 'canary words' })
  const call = { name: 'slack_post_message', arguments: { channel: '#general', text: 'canary words' } }
  const statuses: number[] = []
  // Done, beyond the limit of the tool, beyond that of the principal, and by nobody that is known.
  for (const bearer of [token, token, token, token, 'canary-stranger']) {
    const headers = { authorization: `Bearer ${bearer}` }
    statuses.push((await server.authorized('/call_tool', call, { headers })).status)
  }
  expect(statuses).toEqual([200, 429, 429, 429, 401])
  const { teamId, botUserId, botToken } = server.workspace
  for (const path of ['/docs', '/openapi.json', '/metrics']) {
    const text = await (await server.request(path)).text()
    expect(text.length).toBeGreaterThan(300)
    for (const name of ['canary', 'C0CANARY', 'U0CANARY', teamId, botUserId, botToken, '#general'])
      expect([path, name, text.toLowerCase().includes(name.toLowerCase())]).toEqual([path, name, false])
  }
})
