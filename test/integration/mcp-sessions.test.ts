import { describe, expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { defaultSessionLimits } from '../../src/mcp/session-table.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { createHoldingTool } from '../support/holding-tool.ts'
import { startMcpChild } from '../support/mcp-child.ts'
import { aliceToken, bobToken, sketchOffer, sketchTool, startMcp } from '../support/mcp-harness.ts'
import { callMessage, errorCodeOf, eventReader, initializeMessage, mcpHttp } from '../support/mcp-http.ts'
import { verifies } from '../support/verifies.ts'

const echo = sketchTool({
  name: 'echo',
  input: Type.Object({ text: Type.String() }),
  run: async ({ text }) => text,
})

describe('a session', () => {
  verifies('mcp:session:principal', 'exists for no other principal, on any method', async () => {
    await using mcp = startMcp({ offer: sketchOffer({ tools: [echo] }) })
    const sessionId = await mcpHttp(mcp).open()
    const bob = mcpHttp(mcp, bobToken)
    const headers = { 'mcp-session-id': sessionId }
    const answers = [
      await bob.post(callMessage(1, 'echo', { text: 'x' }), headers),
      await bob.post(
        { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } },
        headers,
      ),
      await bob.get(headers),
      await bob.get({ ...headers, 'last-event-id': '1' }),
      await bob.delete(headers),
    ]
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404])
    expect(await Promise.all(answers.map(errorCodeOf))).toEqual(answers.map(() => 'MCP_SESSION_NOT_FOUND'))
    const own = await mcpHttp(mcp).post(callMessage(1, 'echo', { text: 'still mine' }), headers)
    expect(await own.json()).toMatchObject({ result: { structuredContent: { text: 'still mine' } } })
  })

  verifies('mcp:session:principal', 'of legacy SSE takes messages of no other principal', async () => {
    await using mcp = startMcp({ offer: sketchOffer({ tools: [echo] }) })
    const stream = await fetch(`${mcp.origin}/mcp/sse`, {
      headers: { authorization: `Bearer ${bobToken}` },
    })
    const events = eventReader(stream)
    const endpoint = (await events.next()).value?.data
    const post = (token: string) =>
      fetch(`${mcp.origin}${endpoint}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(initializeMessage('2024-11-05')),
      })
    expect((await post(aliceToken)).status).toBe(404)
    expect((await post(bobToken)).status).toBe(202)
    await stream.body?.cancel().catch(() => undefined)
  })

  verifies('mcp:session:transport', 'of one transport is none of the other', async () => {
    await using mcp = startMcp()
    const sessionId = await mcpHttp(mcp).open()
    const response = await fetch(`${mcp.origin}/mcp/messages?sessionId=${sessionId}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${aliceToken}`, 'content-type': 'application/json' },
      body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    })
    expect([response.status, await errorCodeOf(response)]).toEqual([404, 'MCP_SESSION_NOT_FOUND'])
    const stream = await fetch(`${mcp.origin}/mcp/sse`, {
      headers: { authorization: `Bearer ${aliceToken}` },
    })
    const events = eventReader(stream)
    const endpoint = new URL((await events.next()).value?.data ?? '', mcp.origin)
    const headers = { 'mcp-session-id': endpoint.searchParams.get('sessionId') ?? '' }
    const crossed = [
      await mcpHttp(mcp).post({ jsonrpc: '2.0', id: 1, method: 'ping' }, headers),
      await mcpHttp(mcp).get(headers),
      await mcpHttp(mcp).delete(headers),
    ]
    expect(crossed.map(({ status }) => status)).toEqual([404, 404, 404])
    expect(mcp.plugin.counts().sseSessions).toBe(1)
    await events.return(undefined)
  })

  test('ends by DELETE, for every method', async () => {
    await using mcp = startMcp()
    const http = mcpHttp(mcp)
    const headers = { 'mcp-session-id': await http.open() }
    expect((await http.delete(headers)).status).toBe(204)
    const statuses = [
      (await http.post({ jsonrpc: '2.0', id: 1, method: 'ping' }, headers)).status,
      (await http.get(headers)).status,
      (await http.delete(headers)).status,
    ]
    expect(statuses).toEqual([404, 404, 404])
    expect(mcp.plugin.counts().streamableSessions).toBe(0)
  })

  test('is initialised once', async () => {
    await using mcp = startMcp()
    const http = mcpHttp(mcp)
    const response = await http.post(initializeMessage(), { 'mcp-session-id': await http.open() })
    expect(response.status).toBe(400)
  })

  test('is not opened by an initialize that the protocol refuses, and the refusal tells nothing of the inside', async () => {
    await using mcp = startMcp()
    const response = await mcpHttp(mcp).post({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { x: 1 },
    })
    const { error } = (await response.json()) as {
      readonly error: { readonly code: number; readonly message: string }
    }
    expect([error.code, error.message]).toEqual([-32602, 'The request is not valid for this protocol.'])
    expect(response.headers.has('mcp-session-id')).toBe(false)
    expect(mcp.plugin.counts().streamableSessions).toBe(0)
  })

  test('speaks the revision that it agreed on, and no other', async () => {
    await using mcp = startMcp()
    const http = mcpHttp(mcp)
    const sessionId = await http.open()
    const ping = (version: string) =>
      http.post(
        { jsonrpc: '2.0', id: 1, method: 'ping' },
        { 'mcp-session-id': sessionId, 'mcp-protocol-version': version },
      )
    expect([(await ping('2025-11-25')).status, (await ping('2025-06-18')).status]).toEqual([200, 400])
  })

  test('has one stream for notifications', async () => {
    await using mcp = startMcp()
    const http = mcpHttp(mcp)
    const headers = { 'mcp-session-id': await http.open() }
    const first = await http.get(headers)
    const second = await http.get(headers)
    expect([first.status, second.status, await errorCodeOf(second)]).toEqual([200, 409, 'MCP_STREAM_TAKEN'])
    await first.body?.cancel()
  })

  for (const [count, status] of [
    [32, 200],
    [33, 429],
  ] as const)
    verifies('mcp:session:in-flight', `with ${count} calls at once answers the last ${status}`, async () => {
      const { tool, open } = createHoldingTool({ releasesConnection: true })
      await using mcp = startMcp({ offer: sketchOffer({ tools: [tool] }) })
      const http = mcpHttp(mcp)
      const headers = { 'mcp-session-id': await http.open() }
      const calls = Array.from({ length: count - 1 }, (_, id) => http.post(callMessage(id, 'hold'), headers))
      while (mcp.plugin.counts().callsInFlight < count - 1) await Bun.sleep(1)
      const last = http.post(callMessage('last', 'hold'), headers)
      if (status === 429)
        expect([(await last).status, await errorCodeOf(await last)]).toEqual([429, 'MCP_CALLS_EXHAUSTED'])
      open()
      expect((await last).status).toBe(status)
      for (const response of await Promise.all(calls)) await response.text()
    })
})

describe('a batch', () => {
  const ping = (id: number) => ({ jsonrpc: '2.0', id, method: 'ping' })
  const taken: readonly unknown[] = [200, [1, 2]]
  const refused: readonly unknown[] = [400, [null, -32600, 'MCP_REQUEST_INVALID']]
  const told = async (response: Response): Promise<readonly unknown[]> => {
    const body: unknown = await response.json()
    if (Array.isArray(body)) return [response.status, body.map((answer) => answer.id).toSorted()]
    const { id, error } = body as {
      readonly id: unknown
      readonly error: { readonly code: number; readonly data: { readonly error: { readonly code: string } } }
    }
    return [response.status, [id, error.code, error.data.error.code]]
  }

  for (const [version, answer] of [
    ['2024-11-05', taken],
    ['2025-03-26', taken],
    ['2025-06-18', refused],
    ['2025-11-25', refused],
  ] as const) {
    verifies(
      'mcp:batch',
      `of a session that speaks ${version} is ${answer === taken ? 'taken' : 'refused'}`,
      async () => {
        await using mcp = startMcp()
        const http = mcpHttp(mcp, aliceToken, version)
        const headers = { 'mcp-session-id': await http.open() }
        const saysVersion = { ...headers, 'mcp-protocol-version': version }
        expect(await told(await http.post([ping(1), ping(2)], headers))).toEqual(answer)
        expect(await told(await http.post([ping(1), ping(2)], saysVersion))).toEqual(answer)
        const notes = await http.post([{ jsonrpc: '2.0', method: 'notifications/initialized' }], headers)
        expect(notes.status).toBe(answer === taken ? 202 : 400)
        expect((await http.post(ping(1), headers)).status).toBe(200)
      },
    )

    verifies(
      'mcp:batch',
      `without a session, of revision ${version}, is ${answer === taken ? 'taken' : 'refused'}`,
      async () => {
        await using mcp = startMcp({ sessionMode: 'stateless' })
        const response = await mcpHttp(mcp).post([ping(1), ping(2)], { 'mcp-protocol-version': version })
        expect(await told(response)).toEqual(answer)
      },
    )
  }

  verifies('mcp:batch', 'without a session that names no revision is taken as of 2025-03-26', async () => {
    await using mcp = startMcp({ sessionMode: 'stateless' })
    expect(await told(await mcpHttp(mcp).post([ping(1), ping(2)]))).toEqual(taken)
  })

  verifies('mcp:batch', 'of the revision without sessions is refused as such', async () => {
    await using mcp = startMcp()
    const response = await mcpHttp(mcp).post([ping(1), ping(2)], { 'mcp-protocol-version': '2026-07-28' })
    expect(await told(response)).toEqual(refused)
  })
})

test('a batch that is refused for one of its requests leaves none of them waiting', async () => {
  await using mcp = startMcp({ offer: sketchOffer({ tools: [echo] }) })
  const http = mcpHttp(mcp, aliceToken, '2025-03-26')
  const headers = { 'mcp-session-id': await http.open() }
  const call = (id: number) => callMessage(id, 'echo', { text: `${id}` })
  const refused = await http.post([call(1), call(2), call(1)], headers)
  expect([refused.status, await errorCodeOf(refused)]).toEqual([400, 'MCP_REQUEST_INVALID'])
  const answered = (await (await http.post([call(1), call(2)], headers)).json()) as readonly {
    readonly id: number
  }[]
  expect(answered.toSorted((one, other) => Number(one.id) - Number(other.id))).toMatchObject([
    { id: 1, result: { structuredContent: { text: '1' } } },
    { id: 2, result: { structuredContent: { text: '2' } } },
  ])
})

describe('resumption', () => {
  verifies(
    'mcp:session:resume',
    'hands the rest of a call to the session that lost its connection',
    async () => {
      const { tool, open } = createHoldingTool({ releasesConnection: true })
      await using mcp = startMcp({ offer: sketchOffer({ tools: [tool] }) })
      const http = mcpHttp(mcp)
      const headers = { 'mcp-session-id': await http.open(), 'mcp-protocol-version': '2025-11-25' }
      const response = http.post(callMessage(1, 'hold'), headers)
      open()
      const events = await Array.fromAsync(eventReader(await response))
      expect(events).toEqual([{ event: 'message', id: expect.any(String), data: '' }])
      const cursor = { ...headers, 'last-event-id': events[0]?.id ?? '' }
      const rest = await Array.fromAsync(eventReader(await http.get(cursor)))
      expect(rest.map(({ data }) => JSON.parse(data))).toMatchObject([
        { id: 1, result: { structuredContent: { text: 'held' } } },
      ])
      const after = await http.get({ ...headers, 'last-event-id': rest[0]?.id ?? '' })
      expect(after.status).toBe(204)
    },
  )

  verifies('mcp:session:resume', 'hands over more than a stream holds, all of it and in order', async () => {
    const count = 60
    const { promise: opened, resolve: open } = Promise.withResolvers<void>()
    const allTold = Promise.withResolvers<void>()
    const tell = sketchTool({
      name: 'tell',
      input: Type.Object({}),
      async run(_, { tell, releaseConnection }) {
        releaseConnection?.()
        await opened
        for (let index = 0; index < count; index++) tell?.('info', `${index} ${'x'.repeat(100_000)}`)
        allTold.resolve()
        return 'told'
      },
    })
    await using mcp = startMcp({ offer: sketchOffer({ tools: [tell] }) })
    const http = mcpHttp(mcp)
    const headers = { 'mcp-session-id': await http.open(), 'mcp-protocol-version': '2025-11-25' }
    const [primer] = await Array.fromAsync(eventReader(await http.post(callMessage(1, 'tell'), headers)))
    open()
    await allTold.promise
    const cursor = { ...headers, 'last-event-id': primer?.id ?? '' }
    const rest = await Array.fromAsync(eventReader(await http.get(cursor)))
    const told = rest.map(({ data }) => JSON.parse(data))
    expect(told.slice(0, -1).map(({ params }) => Number.parseInt(params.data, 10))).toEqual(
      Array.from({ length: count }, (_, index) => index),
    )
    expect(told.at(-1)).toMatchObject({ id: 1, result: { structuredContent: { text: 'told' } } })
  })

  verifies(
    'mcp:session:resume',
    'knows no event of another session, also of the same principal',
    async () => {
      const { tool, open } = createHoldingTool({ releasesConnection: true })
      await using mcp = startMcp({ offer: sketchOffer({ tools: [tool] }) })
      const http = mcpHttp(mcp)
      const first = { 'mcp-session-id': await http.open(), 'mcp-protocol-version': '2025-11-25' }
      const second = { ...first, 'mcp-session-id': await http.open() }
      open()
      const [event] = await Array.fromAsync(eventReader(await http.post(callMessage(1, 'hold'), first)))
      const stolen = await http.get({ ...second, 'last-event-id': event?.id ?? '' })
      expect([stolen.status, await errorCodeOf(stolen)]).toEqual([400, 'MCP_REQUEST_INVALID'])
    },
  )
})

describe('sessions without end', () => {
  verifies(
    'mcp:session:cap',
    'of one principal stay under its cap, cost little, and harm nobody else',
    async () => {
      await using child = await startMcpChild()
      const bob = mcpHttp(child, bobToken)
      const bobs = { 'mcp-session-id': await bob.open() }
      const alice = mcpHttp(child)
      await alice.open()
      const before = await child.state()
      for (let round = 0; round < 50; round++)
        await Promise.all(
          Array.from({ length: 100 }, async () => (await alice.post(initializeMessage())).text()),
        )
      const after = await child.state()
      expect(after.streamableSessions).toBe(defaultSessionLimits.perPrincipalMax + 1)
      expect((after.rss - before.rss) / 1024 / 1024).toBeLessThan(60)
      expect((await bob.post({ jsonrpc: '2.0', id: 1, method: 'ping' }, bobs)).status).toBe(200)
    },
    60_000,
  )

  verifies('mcp:session:expiry', 'expire by themselves, and leave no timer', async () => {
    const clock = new FakeClock()
    await using mcp = startMcp({ clock })
    const handle = (message: object, headers: Readonly<Record<string, string>> = {}) =>
      mcp.handle(
        new Request('http://localhost/mcp', {
          method: 'POST',
          headers: {
            authorization: `Bearer ${bobToken}`,
            accept: 'application/json, text/event-stream',
            'content-type': 'application/json',
            ...headers,
          },
          body: JSON.stringify(message),
        }),
      )
    const opened = await handle(initializeMessage())
    const headers = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' }
    const note = { jsonrpc: '2.0', method: 'notifications/initialized' }
    expect((await handle(note, headers)).status).toBe(202)
    await clock.advance(defaultSessionLimits.idleTtlMs - 1)
    expect((await handle(note, headers)).status).toBe(202)
    await clock.advance(defaultSessionLimits.idleTtlMs)
    expect((await handle(note, headers)).status).toBe(404)
    expect([mcp.plugin.counts().streamableSessions, clock.timerCount]).toEqual([0, 0])
  })
})

verifies('mcp:crossing', 'no answer goes to another of a hundred clients that use the same ids', async () => {
  const slow = sketchTool({
    name: 'slow',
    input: Type.Object({ nonce: Type.String() }),
    async run({ nonce }) {
      await Bun.sleep(Math.random() * 5)
      return nonce
    },
  })
  const limits = { ...defaultSessionLimits, perPrincipalMax: 200 }
  await using mcp = startMcp({ offer: sketchOffer({ tools: [slow] }), sessionLimits: limits })
  const crossed = await Promise.all(
    Array.from({ length: 100 }, async (_, client) => {
      const http = mcpHttp(mcp)
      const headers = { 'mcp-session-id': await http.open() }
      const answers = await Promise.all(
        [0, 1, 2, 3].map(async (id) => {
          const nonce = `${client}-${id}`
          const response = await http.post(callMessage(id, 'slow', { nonce }), headers)
          const { id: answered, result } = (await response.json()) as {
            readonly id: number
            readonly result: { readonly structuredContent: { readonly text: string } }
          }
          return answered === id && result.structuredContent.text === nonce
        }),
      )
      return answers.filter((isOwn) => !isOwn).length
    }),
  )
  expect(crossed.reduce((sum, count) => sum + count, 0)).toBe(0)
})
