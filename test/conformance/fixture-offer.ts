import type {
  ChangeNotice,
  Offer,
  RegisteredPrompt,
  RegisteredResource,
  RegisteredResourceTemplate,
} from '../../src/mcp/registry.ts'
import { createFixtureTools, png } from './fixture-tools.ts'

const resources: readonly RegisteredResource[] = [
  {
    uri: 'test://static-text',
    name: 'static-text',
    title: 'Static text',
    description: 'A text that never changes',
    mimeType: 'text/plain',
    read: async () => ({
      uri: 'test://static-text',
      mimeType: 'text/plain',
      text: 'This is the content of the static text resource.',
    }),
  },
  {
    uri: 'test://static-binary',
    name: 'static-binary',
    title: 'Static image',
    description: 'An image that never changes',
    mimeType: 'image/png',
    read: async () => ({ uri: 'test://static-binary', mimeType: 'image/png', blob: png }),
  },
  {
    uri: 'test://watched-resource',
    name: 'watched-resource',
    title: 'Watched',
    description: 'A resource to subscribe to',
    mimeType: 'text/plain',
    read: async () => ({ uri: 'test://watched-resource', mimeType: 'text/plain', text: 'Watched' }),
  },
]

const resourceTemplates: readonly RegisteredResourceTemplate[] = [
  {
    uriTemplate: 'test://template/{id}/data',
    name: 'template',
    title: 'Template',
    description: 'Data by id',
    mimeType: 'application/json',
    read: async ({ id }, uri) => ({
      uri,
      mimeType: 'application/json',
      text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
    }),
    complete: async (_variable, typed) => ['1', '12', '123'].filter((id) => id.startsWith(typed)),
  },
]

const prompts: readonly RegisteredPrompt[] = [
  {
    name: 'test_simple_prompt',
    title: 'Simple prompt',
    description: 'A prompt without arguments',
    arguments: [],
    render: async () => [
      { role: 'user', content: { type: 'text', text: 'This is a simple prompt for testing.' } },
    ],
  },
  {
    name: 'test_prompt_with_arguments',
    title: 'Prompt with arguments',
    description: 'A prompt with two arguments',
    arguments: [
      { name: 'arg1', description: 'First test argument', isRequired: true },
      { name: 'arg2', description: 'Second test argument', isRequired: true },
    ],
    render: async ({ arg1, arg2 }) => {
      const text = `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`
      return [{ role: 'user', content: { type: 'text', text } }]
    },
    complete: async (_argument, typed) =>
      ['paris', 'park', 'party'].filter((value) => value.startsWith(typed)),
  },
  {
    name: 'test_prompt_with_embedded_resource',
    title: 'Prompt with a resource',
    description: 'A prompt that embeds a resource',
    arguments: [{ name: 'resourceUri', description: 'URI of the resource', isRequired: true }],
    render: async ({ resourceUri = '' }) => [
      {
        role: 'user',
        content: {
          type: 'resource',
          resource: {
            uri: resourceUri,
            mimeType: 'text/plain',
            text: 'Embedded resource content for testing.',
          },
        },
      },
      { role: 'user', content: { type: 'text', text: 'Please process the embedded resource above.' } },
    ],
  },
  {
    name: 'test_prompt_with_image',
    title: 'Prompt with an image',
    description: 'A prompt that shows an image',
    arguments: [],
    render: async () => [
      { role: 'user', content: { type: 'image', data: png, mimeType: 'image/png' } },
      { role: 'user', content: { type: 'text', text: 'Please analyze the image above.' } },
    ],
  },
  {
    name: 'test_input_required_result_prompt',
    title: 'Prompt that asks',
    description: 'A prompt that needs an answer first',
    arguments: [],
    render: async (_args, { ask }) => {
      const answers = await ask?.({
        user_context: {
          kind: 'elicit',
          message: 'What context should the prompt use?',
          schema: { type: 'object', properties: { context: { type: 'string' } }, required: ['context'] },
        },
      })
      const text = `Use the context ${JSON.stringify(answers?.get('user_context') ?? null)}`
      return [{ role: 'user', content: { type: 'text', text } }]
    },
  },
]

/** What the official conformance suite expects a server to offer. Not shipped; served by the product's own plugin. */
export function createFixtureOffer(publish: (notice: ChangeNotice) => void): Offer {
  return {
    identity: {
      name: 'conformance-fixture',
      title: 'Conformance fixture',
      version: '1.0.0',
      instructions: 'For the conformance suite only.',
    },
    tools: createFixtureTools(publish),
    resources,
    resourceTemplates,
    prompts,
  }
}
