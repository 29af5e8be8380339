import { afterEach, expect, test } from 'bun:test'
import { listen } from '../../src/cli/listen.ts'
import { createTransportOf } from '../../src/http/forwarded.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { verifies } from '../support/verifies.ts'

const running: AppFixture[] = []
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
})

/** A server that takes this machine for its proxy. */
async function start() {
  const config = { serverTrustedProxies: ['127.0.0.1'], serverRequireHttps: 'true' }
  const server = await startApp({ config })
  running.push(server)
  const { url } = listen(server.app, { host: '127.0.0.1', port: 0 })
  return (path: string, proto?: string) =>
    fetch(`${url}${path}`, { headers: proto === undefined ? {} : { 'x-forwarded-proto': proto } })
}

verifies('http:https', 'refuses plain HTTP everywhere but for probes, and says what to do', async () => {
  const get = await start()
  for (const path of ['/mcp', '/slack/events', '/metrics', '/docs', '/nowhere', '/health/', '/livez/x']) {
    for (const proto of [undefined, 'http', 'https, http', 'http, https', 'HTTPS://', '']) {
      const response = await get(path, proto)
      expect([path, proto, response.status]).toEqual([path, proto, 403])
      expect(response.headers.get('strict-transport-security')).toBeNull()
      expect(await response.json()).toMatchObject({
        error: { code: 'HTTPS_REQUIRED', message: expect.stringContaining('use https://') },
      })
    }
  }
  for (const path of ['/health', '/livez', '/readyz']) expect((await get(path)).status).toBe(200)
})

verifies('http:https', 'takes HTTPS, and tells browsers to keep to it', async () => {
  const get = await start()
  for (const proto of ['https', 'HTTPS', 'https, https']) {
    const response = await get('/metrics', proto)
    expect(response.status).toBe(200)
    expect(response.headers.get('strict-transport-security')).toBe('max-age=31536000')
  }
  expect((await get('/mcp', 'https')).status).toBe(401)
})

test.each([
  ['10.0.0.1', 'https', 'secure'],
  ['::ffff:10.0.0.1', 'https', 'secure'],
  ['10.0.0.1', undefined, 'plain'],
  // Who is no proxy says of itself what it likes.
  ['192.0.2.1', 'https', 'plain'],
  ['127.0.0.1', undefined, 'unjudged'],
  ['::ffff:127.0.0.1', undefined, 'unjudged'],
  ['::1', 'http', 'unjudged'],
  [undefined, undefined, 'unjudged'],
] as const)('a request from %s that says %s is %s', (peer, proto, transport) => {
  const headers = proto === undefined ? {} : { 'x-forwarded-proto': proto }
  const transportOf = createTransportOf(['10.0.0.0/8'])
  expect(transportOf(new Request('http://localhost/', { headers }), () => peer)).toBe(transport)
})
