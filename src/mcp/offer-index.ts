import type { TSchema } from '@sinclair/typebox'
import {
  type Effect,
  forbiddingRule,
  type Offer,
  type PrincipalPolicy,
  type RegisteredPrompt,
  type RegisteredResource,
  type RegisteredResourceTemplate,
  type RegisteredTool,
} from './registry.ts'
import { createUriMatcher, type UriMatcher } from './uri-template.ts'

/** A JSON value that goes out as it stands. */
export type WireObject = { readonly [key: string]: unknown }

export interface TemplateMatch {
  readonly template: RegisteredResourceTemplate
  readonly variables: Readonly<Record<string, string>>
}

/** The offer prepared for answering: look-ups that no prototype reaches, and every list in its wire form, made once. */
export interface OfferIndex {
  readonly offer: Offer
  tool(name: string): RegisteredTool | undefined
  prompt(name: string): RegisteredPrompt | undefined
  resource(uri: string): RegisteredResource | undefined
  template(uriTemplate: string): RegisteredResourceTemplate | undefined
  matchTemplate(uri: string): TemplateMatch | undefined
  /** The tools that `policy` lets through, in the order of the offer. The same array for the same kind of policy. */
  listTools(policy: PrincipalPolicy): readonly WireObject[]
  readonly resources: readonly WireObject[]
  readonly resourceTemplates: readonly WireObject[]
  readonly prompts: readonly WireObject[]
  inputSchema(toolName: string): WireObject | undefined
  outputSchema(toolName: string): WireObject | undefined
  /** Takes over the lists of the offer as they are now. */
  refresh(): void
}

/** Throws TypeError for a doubled name, a tool without an object as output, or a template that cannot be matched. */
export function createOfferIndex(offer: Offer): OfferIndex {
  let lists = indexLists(offer)
  return {
    offer,
    tool: (name) => lists.tools.byName.get(name)?.tool,
    prompt: (name) => lists.promptsByName.get(name),
    resource: (uri) => lists.resourcesByUri.get(uri),
    template: (uriTemplate) => lists.templatesByUri.get(uriTemplate),
    matchTemplate: (uri) => matchTemplate(lists.matchers, uri),
    listTools: (policy) => lists.tools.list(policy),
    get resources() {
      return lists.resources
    },
    get resourceTemplates() {
      return lists.resourceTemplates
    },
    get prompts() {
      return lists.prompts
    },
    inputSchema: (name) => lists.tools.byName.get(name)?.wire.inputSchema,
    outputSchema: (name) => lists.tools.byName.get(name)?.wire.outputSchema,
    refresh() {
      lists = indexLists(offer)
    },
  }
}

/** All of it at once, so that no call finds a tool of the new offer and a resource of the old one. */
function indexLists({ tools, prompts, resources, resourceTemplates }: Offer) {
  return {
    tools: indexTools(tools),
    promptsByName: byKey(prompts, (prompt) => prompt.name),
    resourcesByUri: byKey(resources, (resource) => resource.uri),
    templatesByUri: byKey(resourceTemplates, (template) => template.uriTemplate),
    matchers: resourceTemplates.map((template): readonly [RegisteredResourceTemplate, UriMatcher] => [
      template,
      createUriMatcher(template.uriTemplate),
    ]),
    resources: resources.map(asWireResource),
    resourceTemplates: resourceTemplates.map(asWireTemplate),
    prompts: prompts.map(asWirePrompt),
  }
}

/** How many different policies' lists are kept; more are made anew each time. */
const toolListsMax = 64

function indexTools(offered: readonly RegisteredTool[]) {
  const entries = offered.map((tool) => ({ tool, wire: asWireTool(tool) }))
  const lists = new Map<string, readonly WireObject[]>()
  return {
    byName: byKey(entries, ({ tool }) => tool.name),
    list(policy: PrincipalPolicy): readonly WireObject[] {
      const key = JSON.stringify([policy.isReadOnly, policy.toolsets ?? null])
      const known = lists.get(key)
      if (known !== undefined) return known
      const list = entries
        .filter(({ tool }) => forbiddingRule(tool, policy) === undefined)
        .map(({ wire }) => wire)
      if (lists.size < toolListsMax) lists.set(key, list)
      return list
    },
  }
}

function byKey<Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlyMap<string, Item> {
  const map = new Map<string, Item>()
  for (const item of items) {
    const key = keyOf(item)
    if (map.has(key)) throw new TypeError(`Offered twice: ${key}`)
    map.set(key, item)
  }
  return map
}

function matchTemplate(
  matchers: readonly (readonly [RegisteredResourceTemplate, UriMatcher])[],
  uri: string,
): TemplateMatch | undefined {
  for (const [template, matcher] of matchers) {
    const variables = matcher(uri)
    if (variables !== undefined) return { template, variables }
  }
  return undefined
}

/**
 * Hints that are true: a client may skip the question to its user for what only reads. What the protocol takes for granted anyway is left out
 * (the world is open, nothing is idempotent, what reads destroys nothing), and the title is told once: the list is sent to a model on every turn.
 */
const annotationsByEffect = {
  read: { readOnlyHint: true },
  write: { readOnlyHint: false, destructiveHint: false },
  destructive: { readOnlyHint: false, destructiveHint: true },
} as const satisfies Record<Effect, WireObject>

function asWireTool(tool: RegisteredTool) {
  const { name, title, description, effect, isIdempotent } = tool
  if (tool.output['type'] !== 'object') throw new TypeError(`The output of ${name} is not an object`)
  return {
    name,
    title,
    description,
    inputSchema: asPlainSchema(tool.input),
    outputSchema: asPlainSchema(tool.output),
    annotations: {
      ...annotationsByEffect[effect],
      ...(effect !== 'read' && isIdempotent && { idempotentHint: true }),
    },
  }
}

/** TypeBox keeps its own marks under symbols; JSON leaves them behind. */
function asPlainSchema(schema: TSchema): WireObject {
  return JSON.parse(JSON.stringify(schema))
}

function asWireResource({ uri, name, title, description, mimeType }: RegisteredResource): WireObject {
  return { uri, name, title, description, mimeType }
}

function asWireTemplate(template: RegisteredResourceTemplate): WireObject {
  const { uriTemplate, name, title, description, mimeType } = template
  return { uriTemplate, name, title, description, mimeType }
}

function asWirePrompt({ name, title, description, arguments: args }: RegisteredPrompt): WireObject {
  return {
    name,
    title,
    description,
    arguments: args.map(({ name, description, isRequired }) => ({ name, description, required: isRequired })),
  }
}
