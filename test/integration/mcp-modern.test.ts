import { describe, expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { Secret } from '../../src/base/secret.ts'
import { unrestrictedPolicy } from '../../src/mcp/auth.ts'
import { defaultSessionLimits } from '../../src/mcp/session-table.ts'
import {
  aliceToken,
  bobToken,
  type McpHarness,
  type McpHarnessOptions,
  sketchOffer,
  sketchTool,
  startMcp,
} from '../support/mcp-harness.ts'
import { errorCodeOf, mcpHttp } from '../support/mcp-http.ts'
import { connectModern, type WireMessage } from '../support/mcp-wire-client.ts'
import { readEvents } from '../support/sse-reader.ts'
import { verifies } from '../support/verifies.ts'

const canElicit = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } }

/** Deletes what it is told to, once somebody agreed. */
const erase = sketchTool({
  name: 'erase',
  effect: 'destructive',
  input: Type.Object({ what: Type.String() }),
  async run({ what }, { elicit }) {
    const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] }
    const first = await elicit?.({ message: `Erase ${what}?`, schema })
    const second = await elicit?.({ message: 'Really?', schema })
    const isAgreed = [first, second].every(
      (answer) => answer?.action === 'accept' && answer.content['ok'] === true,
    )
    return isAgreed ? `erased ${what}` : 'left alone'
  },
})

const agree = { action: 'accept', content: { ok: true } }

/** One round of a call: what the client sends along, and what came back. */
async function round(
  mcp: McpHarness,
  options: { what?: string; token?: string; extra?: object } = {},
): Promise<WireMessage> {
  const { what = 'a file', token = aliceToken, extra = {} } = options
  const client = await connectModern(mcp, { token })
  const params = { name: 'erase', arguments: { what }, ...extra, _meta: canElicit }
  const answer = await client.request('tools/call', params)
  await client.close()
  return answer
}

function stateOf({ result }: WireMessage): {
  readonly keys: readonly string[]
  readonly requestState: unknown
} {
  const { inputRequests, requestState } = (result ?? {}) as {
    readonly inputRequests?: object
    readonly requestState?: unknown
  }
  return { keys: Object.keys(inputRequests ?? {}), requestState }
}

const withErase: McpHarnessOptions = { offer: sketchOffer({ tools: [erase] }) }

describe('a call that asks twice', () => {
  verifies('mcp:rounds', 'keeps the first answer in its state, and runs when it has both', async () => {
    await using mcp = startMcp(withErase)
    const first = stateOf(await round(mcp))
    expect(first.keys).toEqual(['question_1'])
    const { requestState } = first
    const second = stateOf(
      await round(mcp, { extra: { requestState, inputResponses: { question_1: agree } } }),
    )
    expect(second.keys).toEqual(['question_2'])
    const last = await round(mcp, {
      extra: { requestState: second.requestState, inputResponses: { question_2: agree } },
    })
    expect(last.result).toMatchObject({ structuredContent: { text: 'erased a file' } })
    expect(mcp.log.named('mcp_tool_executed').map(({ fields }) => fields['outcome'])).toEqual([
      'input_required',
      'input_required',
      'ok',
    ])
  })

  /** The state of a call whose first question was answered. */
  const halfway = async (mcp: McpHarness) => {
    const { requestState } = stateOf(await round(mcp))
    return stateOf(await round(mcp, { extra: { requestState, inputResponses: { question_1: agree } } }))
      .requestState
  }

  for (const [what, changes] of [
    ['of other arguments', { what: 'everything' }],
    ['of another principal', { token: bobToken }],
  ] as const)
    verifies('mcp:rounds:bound', `is not continued by a call ${what}`, async () => {
      await using mcp = startMcp(withErase)
      const requestState = await halfway(mcp)
      const extra = { requestState, inputResponses: { question_2: agree } }
      const { error } = await round(mcp, { ...changes, extra })
      expect([error?.code, error?.data?.['reason']]).toEqual([-32602, 'invalid_request_state'])
    })

  verifies('mcp:rounds:bound', 'is not continued with a state that was changed', async () => {
    await using mcp = startMcp(withErase)
    const extra = { requestState: `${await halfway(mcp)}x`, inputResponses: { question_2: agree } }
    expect((await round(mcp, { extra })).error?.code).toBe(-32602)
  })

  verifies('mcp:rounds:replicas', 'goes on at another replica that has the same key', async () => {
    const stateKey = new Secret('k'.repeat(32))
    await using one = startMcp({ ...withErase, stateKey: () => stateKey })
    await using other = startMcp({ ...withErase, stateKey: () => stateKey })
    await using stranger = startMcp(withErase)
    const extra = { requestState: await halfway(one), inputResponses: { question_2: agree } }
    expect((await round(other, { extra })).result).toMatchObject({
      structuredContent: { text: 'erased a file' },
    })
    expect((await round(stranger, { extra })).error?.code).toBe(-32602)
  })

  test('asks again where the answer does not fit the question', async () => {
    await using mcp = startMcp(withErase)
    const { requestState } = stateOf(await round(mcp))
    for (const wrong of [{ action: 'accept', content: { ok: 'yes' } }, { action: 'perhaps' }, 'yes', null]) {
      const answer = await round(mcp, { extra: { requestState, inputResponses: { question_1: wrong } } })
      expect(stateOf(answer).keys).toEqual(['question_1'])
    }
  })

  test('takes no for an answer', async () => {
    await using mcp = startMcp(withErase)
    const { requestState } = stateOf(await round(mcp))
    const inputResponses = { question_1: { action: 'decline' }, question_2: agree }
    const { result } = await round(mcp, { extra: { requestState, inputResponses } })
    expect(result).toMatchObject({ structuredContent: { text: 'left alone' } })
  })
})

/** Opens `subscriptions/listen` and reads its messages. */
async function listen(
  mcp: McpHarness,
  notifications: object,
  token = aliceToken,
  send: (request: Request) => Promise<Response> = fetch,
) {
  const abort = new AbortController()
  const request = new Request(`${mcp.origin}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'subscriptions/listen',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 'l',
      method: 'subscriptions/listen',
      params: {
        notifications,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
    signal: abort.signal,
  })
  const response = await send(request)
  const events = readEvents(response.body)
  return {
    status: response.status,
    next: async (): Promise<WireMessage> => JSON.parse((await events.next()).value?.data ?? 'null'),
    close: () => abort.abort(),
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await Bun.sleep(2)
}

const items = sketchOffer({
  tools: [erase],
  resourceTemplates: [
    {
      uriTemplate: 'test://items/{id}',
      name: 'item',
      title: 'Item',
      description: 'By id',
      mimeType: 'text/plain',
      read: async (_, uri) => ({ uri, mimeType: 'text/plain', text: 'item' }),
    },
  ],
})

describe('a stream that listens', () => {
  verifies('mcp:listen', 'hears of what it asked for, while its principal may', async () => {
    let allowed = ['alice', 'bob']
    await using mcp = startMcp({ offer: items, mayHear: async ({ name }) => allowed.includes(name) })
    const filter = { resourceSubscriptions: ['test://items/1'], toolsListChanged: true }
    const [alice, bob] = [await listen(mcp, filter), await listen(mcp, filter, bobToken)]
    for (const stream of [alice, bob])
      expect((await stream.next()).method).toBe('notifications/subscriptions/acknowledged')
    mcp.changes.publish({ kind: 'resource_updated', uri: 'test://items/2' })
    mcp.changes.publish({ kind: 'resource_updated', uri: 'test://items/1' })
    for (const stream of [alice, bob])
      expect(await stream.next()).toMatchObject({
        method: 'notifications/resources/updated',
        params: { uri: 'test://items/1' },
      })
    allowed = ['alice']
    mcp.changes.publish({ kind: 'resource_updated', uri: 'test://items/1' })
    expect((await alice.next()).method).toBe('notifications/resources/updated')
    mcp.changes.publish({ kind: 'tools_changed' })
    for (const stream of [alice, bob])
      expect((await stream.next()).method).toBe('notifications/tools/list_changed')
    alice.close()
    bob.close()
    await until(() => mcp.plugin.counts().listenStreams === 0)
  })

  verifies('mcp:listen:cap', 'is refused over the cap of its principal', async () => {
    const sessionLimits = { ...defaultSessionLimits, perPrincipalMax: 2 }
    await using mcp = startMcp({ offer: items, sessionLimits })
    const streams = [
      await listen(mcp, { toolsListChanged: true }),
      await listen(mcp, { toolsListChanged: true }),
    ]
    for (const stream of streams) await stream.next()
    expect((await listen(mcp, { toolsListChanged: true })).status).toBe(503)
    const other = await listen(mcp, { toolsListChanged: true }, bobToken)
    expect(other.status).toBe(200)
    for (const stream of [...streams, other]) stream.close()
  })

  verifies('mcp:listen:cap', 'is refused over the cap of all principals together', async () => {
    const sessionLimits = { ...defaultSessionLimits, totalMax: 2 }
    await using mcp = startMcp({ offer: items, sessionLimits })
    const streams = [
      await listen(mcp, { toolsListChanged: true }),
      await listen(mcp, { toolsListChanged: true }, bobToken),
    ]
    for (const stream of streams) await stream.next()
    expect((await listen(mcp, { toolsListChanged: true })).status).toBe(503)
    for (const stream of streams) stream.close()
  })

  verifies(
    'mcp:listen:cap',
    'is refused over the cap where many come at once, and gives its place back',
    async () => {
      const sessionLimits = { ...defaultSessionLimits, perPrincipalMax: 2 }
      await using mcp = startMcp({ offer: items, sessionLimits })
      // Without sockets, which would let them in one after the other.
      const open = () => listen(mcp, { toolsListChanged: true }, aliceToken, mcp.handle)
      for (let round = 0; round < 2; round++) {
        const streams = await Promise.all(Array.from({ length: 8 }, open))
        expect(streams.map(({ status }) => status).sort()).toEqual([200, 200, ...Array(6).fill(503)])
        expect(mcp.plugin.counts().listenStreams).toBe(2)
        for (const stream of streams) stream.close()
        await until(() => mcp.plugin.counts().listenStreams === 0)
      }
    },
  )

  verifies('mcp:listen:stop', 'ends with its result when the server stops', async () => {
    await using mcp = startMcp({ offer: items })
    const stream = await listen(mcp, { toolsListChanged: true })
    await stream.next()
    await mcp.plugin.component.stop()
    expect(await stream.next()).toMatchObject({ id: 'l', result: { resultType: 'complete' } })
    expect(mcp.plugin.counts().listenStreams).toBe(0)
  })
})

describe('every refusal', () => {
  verifies('mcp:modern:method', 'says that there is nothing to GET or DELETE, in every mode', async () => {
    for (const sessionMode of ['memory', 'stateless'] as const) {
      await using mcp = startMcp({ offer: items, sessionMode })
      const http = mcpHttp(mcp)
      const openSession = await http.open()
      const asked: readonly Readonly<Record<string, string>>[] = [{}, { 'mcp-session-id': openSession }]
      for (const headers of asked) {
        for (const ask of [http.get, http.delete]) {
          const response = await ask({ 'mcp-protocol-version': '2026-07-28', ...headers })
          const told = [response.status, response.headers.get('allow'), await errorCodeOf(response)]
          expect(told).toEqual([405, 'POST', 'METHOD_NOT_ALLOWED'])
        }
      }
      // Not even the session that the request names was ended.
      expect(mcp.plugin.counts().streamableSessions).toBe(sessionMode === 'memory' ? 1 : 0)
    }
  })

  verifies('mcp:modern:method', 'says so to nobody without credentials', async () => {
    await using mcp = startMcp({ offer: items })
    const response = await mcpHttp(mcp, 'unknown').get({ 'mcp-protocol-version': '2026-07-28' })
    expect([response.status, response.headers.get('allow')]).toEqual([401, null])
    await response.text()
  })

  verifies(
    'mcp:modern:errors',
    "has the protocol's code and data, and the unified error beside them",
    async () => {
      await using mcp = startMcp({ offer: items })
      const post = async (
        headers: Readonly<Record<string, string>>,
        version = '2026-07-28',
        method = 'tools/list',
      ) => {
        const response = await fetch(`${mcp.origin}/mcp`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${aliceToken}`,
            accept: 'application/json, text/event-stream',
            'content-type': 'application/json',
            ...headers,
          },
          body: JSON.stringify({
            jsonrpc: '2.0',
            id: 1,
            method,
            params: {
              _meta: {
                'io.modelcontextprotocol/protocolVersion': version,
                'io.modelcontextprotocol/clientCapabilities': {},
              },
            },
          }),
        })
        const { error } = (await response.json()) as WireMessage
        const unified = error?.data?.['error'] as { readonly code: string; readonly correlation_id: string }
        expect(response.headers.get('x-correlation-id')).toBe(unified.correlation_id)
        expect(response.headers.get('cache-control')).toBe('no-store')
        expect(response.headers.get('x-content-type-options')).toBe('nosniff')
        return [response.status, error?.code, unified.code]
      }
      const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' }
      expect(await post({ ...headers, 'mcp-method': 'tools/call' })).toEqual([
        400,
        -32020,
        'MCP_REQUEST_INVALID',
      ])
      expect(await post({ ...headers, 'mcp-protocol-version': '2099-01-01' }, '2099-01-01')).toEqual([
        400,
        -32022,
        'MCP_REQUEST_INVALID',
      ])
      expect(await post({ ...headers, 'mcp-method': 'tools/x' }, '2026-07-28', 'tools/x')).toEqual([
        404,
        -32601,
        'MCP_METHOD_NOT_FOUND',
      ])
      expect(mcp.metrics.sum('slackmcp_errors_total', { code: 'MCP_REQUEST_INVALID' })).toBe(2)
    },
  )
})

verifies('mcp:policy:token', 'the policy of a token narrows what its principal sees and may do', async () => {
  const read = sketchTool({ name: 'read', toolset: 'a', input: Type.Object({}), run: async () => 'read' })
  const other = sketchTool({ name: 'other', toolset: 'b', input: Type.Object({}), run: async () => 'other' })
  const token = new Secret(bobToken)
  const policy = { ...unrestrictedPolicy, isReadOnly: true, toolsets: ['a'] }
  await using mcp = startMcp({
    offer: sketchOffer({ tools: [read, other, erase] }),
    tokens: [{ name: 'bob', token, policy }],
  })
  const client = await connectModern(mcp, { token: bobToken })
  const { result } = await client.request('tools/list')
  expect(result?.['tools']).toMatchObject([{ name: 'read' }])
  const outcomes: unknown[] = []
  for (const name of ['read', 'other', 'erase']) {
    await client.request('tools/call', { name, arguments: { what: 'x' } })
    outcomes.push(mcp.log.named('mcp_tool_executed').at(-1)?.fields['outcome'])
  }
  expect(outcomes).toEqual(['ok', 'TOOL_FORBIDDEN', 'TOOL_FORBIDDEN'])
})
