import { type Static, type TObject, Type } from '@sinclair/typebox'
import type { CallContext, ChangeNotice, ContentBlock, RegisteredTool } from '../../src/mcp/registry.ts'
import { registerTool } from '../support/register-tool.ts'

/** The smallest png and wav that decode. */
export const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const wav = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAESsAABErAAABAAgAZGF0YQAAAAA='

const noArguments = Type.Object({})

interface Sketch<Input extends TObject> {
  readonly name: string
  readonly input: Input
  run(args: Static<Input>, context: CallContext): Promise<string | readonly ContentBlock[]>
}

function tool<Input extends TObject>({ name, input, run }: Sketch<Input>): RegisteredTool {
  return registerTool(
    {
      name,
      title: name,
      description: `What the conformance suite expects of ${name}`,
      toolset: 'conformance',
      effect: 'read',
      scopes: [],
      input,
      output: Type.Object({}),
      async run(args, context: CallContext) {
        const outcome = await run(args, context)
        return typeof outcome === 'string'
          ? { text: outcome, data: {} }
          : { text: '', data: {}, blocks: outcome }
      },
    },
    (context) => context,
  )
}

function plain(name: string, run: (context: CallContext) => Promise<string | readonly ContentBlock[]>) {
  return tool({ name, input: noArguments, run: (_, context) => run(context) })
}

const image: ContentBlock = { type: 'image', data: png, mimeType: 'image/png' }

function contentTools(): readonly RegisteredTool[] {
  return [
    plain('test_simple_text', async () => 'This is a simple text response for testing.'),
    plain('test_image_content', async () => [image]),
    plain('test_audio_content', async () => [{ type: 'audio', data: wav, mimeType: 'audio/wav' }]),
    plain('test_embedded_resource', async () => [
      {
        type: 'resource',
        resource: {
          uri: 'test://embedded-resource',
          mimeType: 'text/plain',
          text: 'This is an embedded resource content.',
        },
      },
    ]),
    plain('test_multiple_content_types', async () => [
      { type: 'text', text: 'Multiple content types test:' },
      image,
      {
        type: 'resource',
        resource: {
          uri: 'test://mixed-content-resource',
          mimeType: 'application/json',
          text: '{"test":"data","value":123}',
        },
      },
    ]),
    plain('test_error_handling', async () => {
      throw new Error('This tool intentionally returns an error for testing')
    }),
  ]
}

/**
 * A real delay, since the scenarios tools-call-with-logging and tools-call-with-progress demand one ("after ~50ms delay"): their clients run
 * in a process of their own, with nothing that this one could wait for.
 */
function suitePause(): Promise<void> {
  return Bun.sleep(50)
}

function streamTools(): readonly RegisteredTool[] {
  return [
    plain('test_tool_with_logging', async ({ tell }) => {
      for (const text of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
        tell?.('info', text)
        await suitePause()
      }
      return 'Tool with logging executed'
    }),
    plain('test_logging_tool', async ({ tell }) => {
      tell?.('info', 'Only for those who asked')
      return 'Logged'
    }),
    plain('test_tool_with_progress', async ({ progress }) => {
      for (const done of [0, 50, 100]) {
        progress({ progress: done, total: 100, message: `Completed step ${done} of 100` })
        await suitePause()
      }
      return 'Tool with progress executed'
    }),
    plain('test_reconnection', async ({ releaseConnection }) => {
      // The order is all that the scenario asks for: the connection ends before the result is there.
      releaseConnection?.()
      return 'Reconnection test completed'
    }),
  ]
}

function elicitationTools(): readonly RegisteredTool[] {
  const name = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
  return [
    tool({
      name: 'test_sampling',
      input: Type.Object({ prompt: Type.String() }),
      async run({ prompt }, { ask }) {
        const answers = await ask?.({ answer: { kind: 'sample', prompt, tokensMax: 100 } })
        const answer = answers?.get('answer')
        return `LLM response: ${answer?.kind === 'sample' ? answer.text : 'none'}`
      },
    }),
    tool({
      name: 'test_elicitation',
      input: Type.Object({ message: Type.String() }),
      async run({ message }, { elicit }) {
        const schema = {
          type: 'object',
          properties: { username: { type: 'string' }, email: { type: 'string' } },
          required: ['username', 'email'],
        }
        return `User response: ${JSON.stringify(await elicit?.({ message, schema }))}`
      },
    }),
    plain('test_streaming_elicitation', async ({ elicit }) =>
      JSON.stringify((await elicit?.({ message: 'Who are you?', schema: name })) ?? {}),
    ),
    plain('test_elicitation_sep1034_defaults', async ({ elicit }) => {
      const schema = {
        type: 'object',
        properties: {
          name: { type: 'string', default: 'John Doe' },
          age: { type: 'integer', default: 30 },
          score: { type: 'number', default: 95.5 },
          status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
          verified: { type: 'boolean', default: true },
        },
        required: [],
      }
      return `Elicitation completed: ${JSON.stringify(await elicit?.({ message: 'Defaults', schema }))}`
    }),
    plain('test_elicitation_sep1330_enums', async ({ elicit }) => {
      const options = ['option1', 'option2', 'option3']
      const titled = options.map((option, index) => ({ const: option, title: `Option ${index + 1}` }))
      const schema = {
        type: 'object',
        properties: {
          untitledSingle: { type: 'string', enum: options },
          titledSingle: { type: 'string', oneOf: titled },
          legacyEnum: { type: 'string', enum: options, enumNames: ['Option 1', 'Option 2', 'Option 3'] },
          untitledMulti: { type: 'array', items: { type: 'string', enum: options } },
          titledMulti: { type: 'array', items: { anyOf: titled } },
        },
        required: [],
      }
      return `Elicitation completed: ${JSON.stringify(await elicit?.({ message: 'Enums', schema }))}`
    }),
  ]
}

const nameQuestion = {
  kind: 'elicit',
  message: 'What is your name?',
  schema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
} as const

const confirmQuestion = {
  kind: 'elicit',
  message: 'Please confirm',
  schema: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
} as const

const colorQuestion = {
  kind: 'elicit',
  message: 'Step 2: What is your favorite color?',
  schema: { type: 'object', properties: { color: { type: 'string' } }, required: ['color'] },
} as const

/** What was answered under `key`, as JSON. */
function shown(answers: ReadonlyMap<string, unknown> | undefined, key: string): string {
  return JSON.stringify(answers?.get(key) ?? null)
}

function roundTools(): readonly RegisteredTool[] {
  return [
    plain('test_input_required_result_elicitation', async ({ ask }) => {
      const answer = (await ask?.({ user_name: nameQuestion }))?.get('user_name')
      const isNamed = answer?.kind === 'elicit' && answer.action === 'accept'
      return `Hello, ${isNamed ? answer.content['name'] : 'stranger'}!`
    }),
    plain('test_input_required_result_sampling', async ({ ask }) => {
      const prompt = 'What is the capital of France?'
      const answers = await ask?.({ capital_question: { kind: 'sample', prompt, tokensMax: 100 } })
      return shown(answers, 'capital_question')
    }),
    plain('test_input_required_result_list_roots', async ({ ask }) =>
      shown(await ask?.({ client_roots: { kind: 'roots' } }), 'client_roots'),
    ),
    plain('test_input_required_result_request_state', async ({ ask }) => {
      await ask?.({ confirm: confirmQuestion })
      return 'state-ok'
    }),
    plain('test_input_required_result_tampered_state', async ({ ask }) => {
      await ask?.({ confirm: confirmQuestion })
      return 'state-ok'
    }),
    plain('test_input_required_result_multiple_inputs', async ({ ask }) => {
      const answers = await ask?.({
        user_name: nameQuestion,
        greeting: { kind: 'sample', prompt: 'Generate a greeting', tokensMax: 50 },
        client_roots: { kind: 'roots' },
      })
      return shown(answers, 'greeting')
    }),
    plain('test_input_required_result_multi_round', async ({ ask }) => {
      const first = await ask?.({ step1: { ...nameQuestion, message: 'Step 1: What is your name?' } })
      const second = await ask?.({ step2: colorQuestion })
      return `${shown(first, 'step1')} ${shown(second, 'step2')}`
    }),
    plain('test_input_required_result_capabilities', async ({ ask, canAsk }) => {
      const sample = { kind: 'sample', prompt: 'Generate a greeting', tokensMax: 50 } as const
      const answers = await ask?.({
        ...(canAsk?.('elicit') === true && { user_name: nameQuestion }),
        ...(canAsk?.('sample') === true && { greeting: sample }),
      })
      return shown(answers, 'greeting')
    }),
    plain('test_missing_capability', async ({ ask }) => {
      const answers = await ask?.({ greeting: { kind: 'sample', prompt: 'Say hello', tokensMax: 10 } })
      return shown(answers, 'greeting')
    }),
  ]
}

function schemaTools(): readonly RegisteredTool[] {
  const input = Type.Object(
    {
      name: Type.Optional(Type.String()),
      address: Type.Optional(Type.Any({ $ref: '#/$defs/address' })),
      contactMethod: Type.Optional(
        Type.Unsafe<string>(Type.Any({ type: 'string', enum: ['phone', 'email'] })),
      ),
      phone: Type.Optional(Type.String()),
      email: Type.Optional(Type.String()),
    },
    {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $defs: {
        address: {
          $anchor: 'addressDef',
          type: 'object',
          properties: { street: { type: 'string' }, city: { type: 'string' } },
        },
      },
      allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
      if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
      then: { required: ['phone'] },
      else: { required: ['email'] },
      additionalProperties: false,
    },
  )
  return [
    tool({ name: 'json_schema_2020_12_tool', input, run: async () => 'ok' }),
    tool({
      name: 'test_mirrored_argument',
      input: Type.Object({
        region: Type.String({ 'x-mcp-header': 'Region' }),
        priority: Type.Optional(Type.Integer({ 'x-mcp-header': 'Priority' })),
      }),
      run: async ({ region }) => region,
    }),
  ]
}

/** Every tool that the suite asks for by name. */
export function createFixtureTools(publish: (notice: ChangeNotice) => void): readonly RegisteredTool[] {
  return [
    ...contentTools(),
    ...streamTools(),
    ...elicitationTools(),
    ...roundTools(),
    ...schemaTools(),
    plain('test_trigger_tool_change', async () => {
      publish({ kind: 'tools_changed' })
      return 'Tools changed'
    }),
    plain('test_trigger_prompt_change', async () => {
      publish({ kind: 'prompts_changed' })
      return 'Prompts changed'
    }),
  ]
}
