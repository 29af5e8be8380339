import { describe, expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { AppError } from '../../src/base/errors.ts'
import type { CallContext, Offer } from '../../src/mcp/registry.ts'
import { createFixtureOffer } from '../conformance/fixture-offer.ts'
import {
  type McpHarness,
  type McpHarnessOptions,
  sketchOffer,
  sketchTool,
  startMcp,
} from '../support/mcp-harness.ts'
import type { ConnectOptions, WireClient, WireMessage } from '../support/mcp-wire-client.ts'
import { verifies } from '../support/verifies.ts'

export interface TransportTraits {
  readonly era: 'legacy' | 'modern'
  readonly connect: (mcp: McpHarness, options?: ConnectOptions) => Promise<WireClient>
  /** Who calls where the transport carries no token. */
  readonly principalName: string
}

/** Lets a test decide when a tool goes on. */
class Gate {
  readonly #arrived = new Map<string, () => void>()
  readonly contexts = new Map<string, CallContext>()
  readonly #onArrival: (() => void)[] = []

  hold(name: string, context: CallContext): Promise<void> {
    this.contexts.set(name, context)
    return new Promise((resolve, reject) => {
      this.#arrived.set(name, resolve)
      context.signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true })
      for (const wake of this.#onArrival.splice(0)) wake()
    })
  }

  async arrivals(count: number): Promise<void> {
    while (this.#arrived.size < count) await new Promise<void>((resolve) => this.#onArrival.push(resolve))
  }

  open(name: string): void {
    this.#arrived.get(name)?.()
  }
}

function offerWith(gate: Gate): Offer {
  const named = Type.Object({ name: Type.String() }, { additionalProperties: false })
  return sketchOffer({
    tools: [
      sketchTool({ name: 'echo', input: named, run: async ({ name }) => name }),
      sketchTool({
        name: 'hold',
        input: named,
        async run({ name }, context) {
          await gate.hold(name, context)
          return name
        },
      }),
      sketchTool({
        name: 'who',
        input: Type.Object({}),
        run: async (_, { principal }) => principal.name,
      }),
      sketchTool({
        name: 'report',
        input: Type.Object({}),
        async run(_, { progress, tell }) {
          progress({ progress: 1, total: 2, message: 'half' })
          tell?.('warning', 'careful')
          return 'done'
        },
      }),
      sketchTool({
        name: 'chatter',
        input: Type.Object({}),
        async run(_, { progress }) {
          // Two stages, and more reports than anybody reads.
          for (const message of ['first', 'second'])
            for (let done = 1; done <= 20; done++) progress({ progress: done, total: 20, message })
          return 'done'
        },
      }),
      sketchTool({
        name: 'late',
        input: Type.Object({}),
        async run(_, context) {
          context.progress({ progress: 1 })
          gate.contexts.set('late', context)
          return 'done'
        },
      }),
      sketchTool({
        name: 'fail',
        input: Type.Object({}),
        run: async () => {
          throw new AppError('SLACK_REFUSED', { details: { slack_error: 'channel_not_found' } })
        },
      }),
      sketchTool({
        name: 'crash',
        input: Type.Object({}),
        run: async () => {
          throw new Error('the inside of the machine')
        },
      }),
    ],
    resources: [
      {
        uri: 'test://static',
        name: 'static',
        title: 'Static',
        description: 'Never changes',
        mimeType: 'text/plain',
        read: async () => ({ uri: 'test://static', mimeType: 'text/plain', text: 'still' }),
      },
      {
        uri: 'test://slow',
        name: 'slow',
        title: 'Slow',
        description: 'Takes its time',
        mimeType: 'text/plain',
        async read({ progress }) {
          progress({ progress: 1, message: 'one page' })
          return { uri: 'test://slow', mimeType: 'text/plain', text: 'slow' }
        },
      },
    ],
    resourceTemplates: [
      {
        uriTemplate: 'test://items/{id}',
        name: 'item',
        title: 'Item',
        description: 'By id',
        mimeType: 'text/plain',
        async read({ id }, uri) {
          if (id === 'broken') throw new Error('the inside of the machine')
          return { uri, mimeType: 'text/plain', text: `item ${id}` }
        },
        complete: async (_, typed) =>
          Array.from({ length: Number(typed) || 2 }, (_, index) => `${typed}${index + 1}`),
      },
    ],
    prompts: [
      {
        name: 'greet',
        title: 'Greet',
        description: 'Greets somebody',
        arguments: [{ name: 'who', description: 'Whom', isRequired: true }],
        render: async ({ who }) => [{ role: 'user', content: { type: 'text', text: `Hello ${who}` } }],
      },
      {
        name: 'slow',
        title: 'Slow',
        description: 'Takes its time',
        arguments: [],
        async render(_, { progress }) {
          progress({ progress: 1, message: 'one page' })
          return []
        },
      },
    ],
  })
}

/** The text of a result's first block. */
function textOf(result: WireMessage['result']): string {
  const [block] = (result?.['content'] ?? []) as readonly { readonly text: string }[]
  return block?.text ?? ''
}

/** What every way of reaching MCP must do alike. */
export function mcpTransportContract(title: string, { era, connect, principalName }: TransportTraits): void {
  const open = async (options: McpHarnessOptions = {}) => {
    const gate = new Gate()
    const mcp = startMcp({ offer: offerWith(gate), ...options })
    const client = await connect(mcp)
    const callTool = (name: string, args: object = {}, send = {}) =>
      client.request('tools/call', { name, arguments: args }, send)
    return {
      gate,
      mcp,
      client,
      callTool,
      async [Symbol.asyncDispose]() {
        await client.close()
        await mcp[Symbol.asyncDispose]()
      },
    }
  }
  const unified = (code: string, details: object) => ({
    error: {
      code,
      component: 'mcp',
      message: expect.any(String),
      details,
      correlation_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    },
  })

  describe(title, () => {
    test('lists what is offered, with annotations that are true', async () => {
      await using wire = await open()
      const { result } = await wire.client.request('tools/list')
      const tools = result?.['tools'] as readonly { readonly name: string; readonly annotations: object }[]
      expect(tools.map(({ name }) => name)).toEqual([
        'echo',
        'hold',
        'who',
        'report',
        'chatter',
        'late',
        'fail',
        'crash',
      ])
      expect(tools[0]?.annotations).toEqual({ readOnlyHint: true })
    })

    test('answers a call with text and the same as data', async () => {
      await using wire = await open()
      const { result } = await wire.callTool('echo', { name: 'hi' })
      expect(result).toMatchObject({
        content: [{ type: 'text', text: 'hi' }],
        structuredContent: { text: 'hi' },
      })
    })

    test('takes arguments inside input_params', async () => {
      await using wire = await open()
      const { result } = await wire.callTool('echo', { input_params: { name: 'hi' } })
      expect(result).toMatchObject({ structuredContent: { text: 'hi' } })
    })

    test('knows who calls', async () => {
      await using wire = await open()
      const { result } = await wire.callTool('who')
      expect(result).toMatchObject({ structuredContent: { text: principalName } })
    })

    test('answers bad arguments with a failed result that says how to do better', async () => {
      await using wire = await open()
      const { result } = await wire.callTool('echo', { nam: 'hi', name: 'x' })
      expect(result).toMatchObject({ isError: true })
      const error = JSON.parse(textOf(result))
      expect(error).toEqual(
        unified('TOOL_ARGUMENTS_INVALID', {
          field: 'nam',
          given: 'a field that the tool does not take',
          accepted: 'name',
          did_you_mean: 'name',
          example: '{"name":"text"}',
        }),
      )
    })

    test('answers what Slack refuses with a failed result that holds the unified error', async () => {
      await using wire = await open()
      const { result } = await wire.callTool('fail')
      expect(result?.['isError']).toBe(true)
      expect(result).not.toHaveProperty('structuredContent')
      expect(JSON.parse(textOf(result))).toEqual(
        unified('SLACK_REFUSED', { slack_error: 'channel_not_found' }),
      )
    })

    test('keeps what went wrong inside to the log', async () => {
      await using wire = await open()
      const answers = [
        await wire.callTool('crash'),
        await wire.client.request('resources/read', { uri: 'test://items/broken' }),
      ]
      expect(JSON.stringify(answers)).not.toContain('machine')
      const logged = wire.mcp.log.lines.filter(({ level }) => level === 'error')
      expect(logged.map(({ fields }) => String(fields['error']))).toEqual([
        'Error: the inside of the machine',
        'Error: the inside of the machine',
      ])
    })

    for (const name of ['absent', '__proto__', 'constructor', 'toString']) {
      test(`answers the unknown tool ${name} with invalid params`, async () => {
        await using wire = await open()
        const { error } = await wire.callTool(name)
        expect(error?.code).toBe(-32602)
        expect(error?.data).toEqual({ ...unified('TOOL_NOT_FOUND', { tool: name }) })
      })
    }

    test('answers params of the wrong shape with invalid params, in words that are ours', async () => {
      await using wire = await open()
      const { error } = await wire.client.request('tools/call', { name: 7 })
      expect(error?.code).toBe(-32602)
    })

    test('answers an unknown method with method not found', async () => {
      await using wire = await open()
      const { error } = await wire.client.request('tools/destroy')
      expect(error?.code).toBe(-32601)
    })

    test('reads resources by URI and by template', async () => {
      await using wire = await open()
      const fixed = await wire.client.request('resources/read', { uri: 'test://static' })
      const item = await wire.client.request('resources/read', { uri: 'test://items/a%20b' })
      expect(fixed.result).toMatchObject({
        contents: [{ uri: 'test://static', mimeType: 'text/plain', text: 'still' }],
      })
      expect(item.result).toMatchObject({ contents: [{ text: 'item a b' }] })
    })

    test('answers an unknown resource with its URI and the code of the era', async () => {
      await using wire = await open()
      const { error } = await wire.client.request('resources/read', { uri: 'test://nowhere/x' })
      expect(error?.code).toBe(era === 'legacy' ? -32002 : -32602)
      expect(error?.data).toMatchObject({ uri: 'test://nowhere/x' })
    })

    test('renders prompts, and refuses without a required argument', async () => {
      await using wire = await open()
      const good = await wire.client.request('prompts/get', { name: 'greet', arguments: { who: 'Ana' } })
      expect(good.result).toMatchObject({ messages: [{ content: { text: 'Hello Ana' } }] })
      const bad = await wire.client.request('prompts/get', { name: 'greet', arguments: {} })
      expect(bad.error?.code).toBe(-32602)
    })

    test('completes a variable of a template', async () => {
      await using wire = await open()
      const { result } = await wire.client.request('completion/complete', {
        ref: { type: 'ref/resource', uri: 'test://items/{id}' },
        argument: { name: 'id', value: 'x' },
      })
      expect(result).toMatchObject({ completion: { values: ['x1', 'x2'], hasMore: false } })
    })

    for (const [foundCount, hasMore] of [
      [99, false],
      [100, false],
      [101, true],
    ] as const)
      verifies('mcp:completion:bound', `tells at most 100 of ${foundCount} completions`, async () => {
        await using wire = await open()
        const { result } = await wire.client.request('completion/complete', {
          ref: { type: 'ref/resource', uri: 'test://items/{id}' },
          argument: { name: 'id', value: `${foundCount}` },
        })
        const { completion } = result as {
          readonly completion: { readonly values: readonly string[]; readonly hasMore: boolean }
        }
        expect([completion.values.length, completion.hasMore]).toEqual([Math.min(foundCount, 100), hasMore])
      })

    test('tells progress to who asked for it, before the answer', async () => {
      await using wire = await open()
      const heard: unknown[] = []
      const params = { name: 'report', arguments: {}, _meta: { progressToken: 'p' } }
      const { result } = await wire.client.request('tools/call', params, {
        onMessage: ({ method, params }) => {
          if (method === 'notifications/progress') heard.push(params)
        },
      })
      expect(heard).toEqual([{ progressToken: 'p', progress: 1, total: 2, message: 'half' }])
      expect(result).toMatchObject({ structuredContent: { text: 'done' } })
    })

    verifies('mcp:progress', 'tells growing numbers, and not more than are read', async () => {
      await using wire = await open()
      const numbers: unknown[] = []
      const params = { name: 'chatter', arguments: {}, _meta: { progressToken: 7 } }
      await wire.client.request('tools/call', params, {
        onMessage: ({ method, params }) => {
          if (method === 'notifications/progress') numbers.push(params?.['progress'])
        },
      })
      expect(numbers).toEqual([...new Set(numbers)].sort((left, right) => Number(left) - Number(right)))
      expect(numbers.length).toBeGreaterThan(0)
      expect(numbers.length).toBeLessThan(15)
    })

    verifies('mcp:progress', 'tells none after the answer', async () => {
      await using wire = await open()
      const params = { name: 'late', arguments: {}, _meta: { progressToken: 'p' } }
      await wire.client.request('tools/call', params)
      wire.gate.contexts.get('late')?.progress({ progress: 2 })
      // What was sent late has come before the answer to another call.
      await wire.callTool('echo', { name: 'x' })
      const heard = wire.client.notices.filter(({ method }) => method === 'notifications/progress')
      expect(heard.map(({ params }) => params?.['progress'])).toEqual([1])
    })

    for (const [method, params] of [
      ['resources/read', { uri: 'test://slow' }],
      ['prompts/get', { name: 'slow' }],
    ] as const)
      verifies('mcp:progress', `is told of ${method} too`, async () => {
        await using wire = await open()
        const heard: unknown[] = []
        const answer = await wire.client.request(
          method,
          { ...params, _meta: { progressToken: 't' } },
          {
            onMessage: ({ method, params }) => {
              if (method === 'notifications/progress') heard.push(params)
            },
          },
        )
        expect(answer.error).toBeUndefined()
        expect(heard).toEqual([{ progressToken: 't', progress: 1, message: 'one page' }])
      })

    test('tells no progress to who did not ask', async () => {
      await using wire = await open()
      await wire.callTool('report')
      expect(wire.client.notices.filter(({ method }) => method === 'notifications/progress')).toEqual([])
    })

    test('gives each of many calls its own answer, whatever the order', async () => {
      await using wire = await open()
      const names = ['a', 'b', 'c', 'd', 'e']
      const answers = names.map((name) => wire.callTool('hold', { name }))
      await wire.gate.arrivals(names.length)
      for (const name of names.toReversed()) wire.gate.open(name)
      const texts = (await Promise.all(answers)).map(({ result }) => result?.['structuredContent'])
      expect(texts).toEqual(names.map((name) => ({ text: name })))
    })

    for (const id of [0, 1, 'text', '']) {
      test(`stops the tool when the request with the id ${JSON.stringify(id)} is cancelled`, async () => {
        await using wire = await open()
        const answer = wire.callTool('hold', { name: 'a' }, { id })
        answer.catch(() => undefined)
        await wire.gate.arrivals(1)
        const { signal } = wire.gate.contexts.get('a') as CallContext
        expect(signal.aborted).toBe(false)
        const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve))
        await wire.client.cancel(id)
        await aborted
        expect((await wire.callTool('echo', { name: 'alive' })).result).toMatchObject({
          structuredContent: { text: 'alive' },
        })
      })
    }

    test('logs and measures each call once', async () => {
      await using wire = await open()
      await wire.callTool('echo', { name: 'hi' })
      await wire.callTool('fail')
      const lines = wire.mcp.log.named('mcp_tool_executed').map(({ fields }) => fields)
      expect(lines).toEqual([
        {
          tool_name: 'echo',
          execution_time: expect.any(Number),
          correlation_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          principal: principalName,
          outcome: 'ok',
        },
        {
          tool_name: 'fail',
          execution_time: expect.any(Number),
          correlation_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          principal: principalName,
          outcome: 'SLACK_REFUSED',
        },
      ])
      const durations = wire.mcp.metrics.records.filter(
        ({ name, labels }) =>
          name === 'mcp_server_operation_duration_seconds' && labels['mcp_method_name'] === 'tools/call',
      )
      expect(durations.map(({ labels }) => [labels['gen_ai_tool_name'], labels['error_type']])).toEqual([
        ['echo', ''],
        ['fail', 'tool_error'],
      ])
    })

    test('counts each error once, whether a call failed or a request was refused', async () => {
      await using wire = await open()
      await wire.callTool('fail')
      await wire.callTool('no_such_tool')
      await wire.client.request('prompts/get', { name: 'no_such_prompt' })
      const counted = wire.mcp.metrics.records.filter(({ name }) => name === 'slackmcp_errors_total')
      expect(counted.map(({ labels }) => labels['code'])).toEqual([
        'SLACK_REFUSED',
        'TOOL_NOT_FOUND',
        'PROMPT_NOT_FOUND',
      ])
    })

    test('measures the handshake, the lists, and what nobody answers, each once', async () => {
      const offer = createFixtureOffer(() => undefined)
      await using wire = await open({ offer })
      const handshake = era === 'legacy' ? 'initialize' : 'server/discover'
      if (era === 'modern') await wire.client.request(handshake)
      const lists = ['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list']
      for (const method of [...lists, 'no/such']) await wire.client.request(method)
      await wire.client.request('resources/read', { uri: 'test://static-text' })
      await wire.client.request('prompts/get', { name: 'no_such_prompt' })
      const durations = wire.mcp.metrics.records
        .filter(({ name }) => name === 'mcp_server_operation_duration_seconds')
        .map(({ labels }) => [labels['mcp_method_name'], labels['error_type']])
      expect(durations).toEqual([
        [handshake, ''],
        ...lists.map((method) => [method, '']),
        ['no/such', 'MCP_METHOD_NOT_FOUND'],
        ['resources/read', ''],
        ['prompts/get', 'PROMPT_NOT_FOUND'],
      ])
      const versions = wire.mcp.metrics.records.flatMap(({ labels }) => labels['mcp_protocol_version'] ?? [])
      const version = era === 'legacy' ? /^2024-11-05$|^2025-11-25$/ : /^2026-07-28$/
      expect([...new Set(versions)]).toEqual([expect.stringMatching(version)])
    })

    test('refuses every tool that writes in read-only mode, also by its name', async () => {
      const write = sketchTool({
        name: 'write',
        effect: 'write',
        input: Type.Object({}),
        run: async () => 'written',
      })
      await using wire = await open({ offer: sketchOffer({ tools: [write] }), isReadOnly: () => true })
      const listed = await wire.client.request('tools/list')
      expect(listed.result?.['tools']).toEqual([])
      const { result } = await wire.callTool('write')
      expect(JSON.parse(textOf(result))).toEqual(
        unified('TOOL_FORBIDDEN', { rule: 'read_only', tool: 'write' }),
      )
    })

    if (era === 'legacy') {
      test('refuses a second request under an id in flight, and answers the first', async () => {
        await using wire = await open()
        const first = wire.callTool('hold', { name: 'a' }, { id: 7 })
        await wire.gate.arrivals(1)
        // The answers carry the same id, so the refusal is looked for among everything that arrives.
        const second = wire.callTool('echo', { name: 'b' }, { id: 7 })
        const refusal = await Promise.race([first, second])
        expect(refusal.error?.code).toBe(-32600)
        expect(wire.gate.contexts.get('a')?.signal.aborted).toBe(false)
        wire.gate.open('a')
      })

      test('tells a subscriber that its resource changed, and nobody who may not hear of it', async () => {
        let mayHear = true
        await using wire = await open({ mayHear: async () => mayHear })
        await wire.client.request('resources/subscribe', { uri: 'test://items/1' })
        wire.mcp.changes.publish({ kind: 'resource_updated', uri: 'test://items/2' })
        wire.mcp.changes.publish({ kind: 'resource_updated', uri: 'test://items/1' })
        const isUpdate = ({ method }: { readonly method?: string }) =>
          method === 'notifications/resources/updated'
        expect((await wire.client.hears(isUpdate)).params).toEqual({ uri: 'test://items/1' })
        mayHear = false
        wire.mcp.changes.publish({ kind: 'resource_updated', uri: 'test://items/1' })
        wire.mcp.changes.publish({ kind: 'tools_changed' })
        await wire.client.hears(({ method }) => method === 'notifications/tools/list_changed')
        expect(wire.client.notices.filter(isUpdate)).toHaveLength(1)
        mayHear = true
        await wire.client.request('resources/unsubscribe', { uri: 'test://items/1' })
        wire.mcp.changes.publish({ kind: 'resource_updated', uri: 'test://items/1' })
        wire.mcp.changes.publish({ kind: 'prompts_changed' })
        await wire.client.hears(({ method }) => method === 'notifications/prompts/list_changed')
        expect(wire.client.notices.filter(isUpdate)).toHaveLength(1)
      })

      test('subscribes nobody to what it may not see, as if it were not there', async () => {
        await using wire = await open({ mayHear: async () => false })
        const hidden = await wire.client.request('resources/subscribe', { uri: 'test://items/1' })
        const absent = await wire.client.request('resources/subscribe', { uri: 'test://nowhere' })
        expect(hidden.error?.code).toBe(-32002)
        expect(absent.error?.code).toBe(-32002)
      })
    }
  })
}
