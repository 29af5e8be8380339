import { expect } from 'bun:test'
import { derivedToken, startServer, testCredentials } from '../support/binary.ts'
import { signedRequest } from '../support/signed-sender.ts'
import { readEvents } from '../support/sse-reader.ts'
import { verifies } from '../support/verifies.ts'

/** An API gateway: it publishes the server below a path, which it takes away, and says whom it asks for. */
function startGateway(prefix: string, target: string) {
  return Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request) {
      const { pathname, search } = new URL(request.url)
      if (!pathname.startsWith(`${prefix}/`)) return new Response(undefined, { status: 404 })
      const headers = new Headers(request.headers)
      headers.set('host', 'api.example.com')
      headers.set('x-forwarded-for', '203.0.113.9')
      headers.set('x-forwarded-proto', 'https')
      return fetch(`${target}${pathname.slice(prefix.length)}${search}`, {
        method: request.method,
        headers,
        body: request.body,
        redirect: 'manual',
      })
    },
  })
}

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'gateway-test', version: '1' },
  },
}

verifies(
  'S90',
  'both halves work behind a gateway that takes a path prefix away',
  async () => {
    const env = { PUBLIC_URL: 'https://api.example.com/slack-server', SERVER_TRUSTED_PROXIES: '127.0.0.1' }
    const { child, url } = await startServer({ env })
    using gateway = startGateway('/slack-server', url)
    const published = `http://127.0.0.1:${gateway.port}/slack-server`
    try {
      const signingSecret = testCredentials.SLACK_SIGNING_SECRET
      const handshake = { type: 'url_verification', challenge: 'through-the-gateway', token: 't' }
      const signed = signedRequest(handshake, {
        signingSecret,
        nowMs: Date.now(),
        url: `${published}/slack/events`,
      })
      expect(await (await fetch(signed)).text()).toContain('through-the-gateway')

      const authorization = `Bearer ${await derivedToken()}`
      const answer = await fetch(`${published}/mcp`, {
        method: 'POST',
        headers: {
          authorization,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify(initialize),
      })
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('serverInfo')])

      // A client resolves the address against the gateway's origin, so the prefix has to be in it.
      const stream = await fetch(`${published}/mcp/sse`, { headers: { authorization } })
      const events = readEvents(stream.body)
      const { value } = await events.next()
      await events.return(undefined)
      expect(value?.data).toStartWith('/slack-server/mcp/messages?')

      const refused = await fetch(`${published}/mcp`, { method: 'POST', body: '{}' })
      expect(refused.status).toBe(401)
    } finally {
      await child[Symbol.asyncDispose]()
    }
  },
  60_000,
)
