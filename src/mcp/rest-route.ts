import type { TSchema } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { errorAnswers } from '../base/error-schema.ts'
import type { Endpoints } from './endpoints.ts'
import { asHandler } from './streamable-route.ts'
import {
  asJsonBody,
  promptListSchema,
  promptSchema,
  resourceListSchema,
  resourceSchema,
  resourceTemplateListSchema,
  restBodies,
  toolListSchema,
  toolResultSchema,
} from './wire-schemas.ts'

const hidden = { parse: 'none', detail: { hide: true } } as const

/** The REST facade at the root (D2). */
export function createRestRoutes({ rest }: Pick<Endpoints, 'rest'>) {
  const listTools = asHandler(rest('listTools'))
  const callTool = asHandler(rest('callTool'))
  const listResources = asHandler(rest('listResources'))
  const listResourceTemplates = asHandler(rest('listResourceTemplates'))
  const readResource = asHandler(rest('readResource'))
  const listPrompts = asHandler(rest('listPrompts'))
  const getPrompt = asHandler(rest('getPrompt'))
  return new Elysia({ strictPath: true })
    .get('/list_tools', listTools, lists('List the tools', toolListSchema))
    .all('/list_tools', listTools, hidden)
    .post('/call_tool', callTool, {
      ...takes('Call a tool', restBodies.callTool, toolResultSchema),
    })
    .all('/call_tool', callTool, hidden)
    .get('/list_resources', listResources, lists('List the resources', resourceListSchema))
    .all('/list_resources', listResources, hidden)
    .get(
      '/list_resource_templates',
      listResourceTemplates,
      lists('List the resource templates', resourceTemplateListSchema),
    )
    .all('/list_resource_templates', listResourceTemplates, hidden)
    .post('/read_resource', readResource, takes('Read a resource', restBodies.readResource, resourceSchema))
    .all('/read_resource', readResource, hidden)
    .get('/list_prompts', listPrompts, lists('List the prompts', promptListSchema))
    .all('/list_prompts', listPrompts, hidden)
    .post('/get_prompt', getPrompt, takes('Render a prompt', restBodies.getPrompt, promptSchema))
    .all('/get_prompt', getPrompt, hidden)
}

const errors = errorAnswers(400, 401, 403, 404, 429, 500, 503)

function lists(summary: string, answer: TSchema) {
  return {
    parse: 'none' as const,
    response: { 200: answer, ...errors },
    detail: { tags: ['rest'], summary, security: [{ bearer: [] }] },
  }
}

function takes(summary: string, body: TSchema, answer: TSchema) {
  return {
    parse: 'none' as const,
    response: {
      200: answer,
      ...errors,
      ...errorAnswers(413, 415, 422, 502, 504),
    },
    detail: { tags: ['rest'], summary, security: [{ bearer: [] }], requestBody: asJsonBody(body) },
  }
}
