import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { composeApp, type ReconfigurableApp } from '../../src/app.ts'
import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import { listen } from '../../src/cli/listen.ts'
import { configWith } from '../../src/config/default-config.ts'
import { namedOptions } from '../../src/config/option-names.ts'
import type { Config, OptionKey, OptionTable } from '../../src/config/option-table.ts'
import { createDemoWorkspace } from '../../src/demo/workspace.ts'
import { signBody } from '../../src/slack/signature.ts'
import { type ForwardEndpoint, startForwardEndpoint } from '../support/forward-endpoint.ts'
import { verifies } from '../support/verifies.ts'

/** Each option that the table marks as reloadable really takes effect in a server that runs: looked at from outside, before and after. */

type ReloadableKey = {
  [Key in OptionKey]: OptionTable[Key] extends { readonly reloads: true } ? Key : never
}[OptionKey]

interface Probe<Key extends OptionKey> {
  /** What the server is started with, beside the base. */
  readonly from?: Partial<Config>
  readonly to: Config[Key]
  readonly look: (server: Looked) => Promise<unknown>
  readonly before: unknown
  readonly after: unknown
}

interface Looked {
  readonly url: string
  /** What Slack was sent last, and how often it was asked for each method. */
  readonly slack: { authorization: string; body: string; readonly calls: Map<string, number> }
  readonly endpoint: ForwardEndpoint
  call(tool: string, args: object): Promise<{ readonly status: number; readonly text: string }>
  get(path: string, headers?: Record<string, string>, token?: string): Promise<Response>
}

const token = (letter: string) => letter.repeat(40)
const bearer = token('m')
const signingSecret = 'a'.repeat(32)
const newSecret = 'b'.repeat(32)
const dms = ['D0DEMO00ANA'] as const

const status = (path: string, headers?: Record<string, string>, using?: string) => async (server: Looked) =>
  (await server.get(path, headers, using)).status
const header = (name: string) => async (server: Looked) =>
  (await server.get('/list_tools', { origin: 'https://app.example.com' })).headers.get(name)
const offers = (tool: string) => async (server: Looked) =>
  (await (await server.get('/list_tools')).text()).includes(`"${tool}"`)
/** The error of a call; undefined where it worked. */
const refusal = (tool: string, args: object) => async (server: Looked) => {
  const { text } = await server.call(tool, args)
  const { error } = JSON.parse(text)
  return error === undefined ? undefined : (error.details.rule ?? error.code)
}
const general = 'C0DEMO00GEN'
const post = { channel: general, text: 'hello' }

async function postEvent({ url }: Looked, secret: string): Promise<number> {
  const body = JSON.stringify({
    type: 'event_callback',
    event_id: `Ev${crypto.randomUUID()}`,
    event: { type: 'message' },
  })
  const seconds = Math.floor(Date.now() / 1000)
  const response = await fetch(`${url}/slack/events`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-slack-request-timestamp': String(seconds),
      'x-slack-signature': signBody(secret, seconds, body),
    },
  })
  return response.status
}

/** Two at once: a limit of one a minute lets the first pass. */
async function twice(one: () => Promise<number>): Promise<readonly number[]> {
  return [await one(), await one()]
}

/** All but the log's level, which the process has and not the server: test/e2e/reload.test.ts. */
const probes: { readonly [Key in Exclude<ReloadableKey, 'logLevel'>]: Probe<Key> } = {
  allowedHosts: {
    to: ['mcp.example.com'],
    look: status('/list_tools', { host: 'mcp.example.com' }),
    before: 403,
    after: 200,
  },
  serverTrustedProxies: {
    from: { limitsAddressFailuresPerMinute: 1 },
    to: ['127.0.0.1'],
    look: async (server) => {
      const from = (address: string) => status('/list_tools', { 'x-forwarded-for': address }, 'wrong')(server)
      return [await from('192.0.2.1'), await from('192.0.2.2')]
    },
    before: [401, 429],
    after: [401, 401],
  },
  serverRequireHttps: {
    from: { serverTrustedProxies: ['127.0.0.1'] },
    to: true,
    look: status('/list_tools'),
    before: 200,
    after: 403,
  },
  adminToken: {
    to: new Secret(token('n')),
    look: status('/admin/events/stats', {}, token('n')),
    before: 401,
    after: 200,
  },
  slackBotToken: {
    to: new Secret('xoxb-new'),
    look: async ({ call, slack }) => {
      await call('slack_post_message', post)
      return slack.authorization === 'Bearer xoxb-new'
    },
    before: false,
    after: true,
  },
  slackUserToken: {
    to: new Secret('xoxp-new'),
    look: offers('slack_search_messages'),
    before: false,
    after: true,
  },
  slackSigningSecret: {
    to: [new Secret(newSecret)],
    look: (server) => postEvent(server, newSecret),
    before: 401,
    after: 200,
  },
  mcpAuthTokens: {
    to: [
      { name: 'main', token: new Secret(bearer) },
      { name: 'other', token: new Secret(token('o')) },
    ],
    look: status('/list_tools', {}, token('o')),
    before: 401,
    after: 200,
  },
  mcpTokens: {
    to: [
      {
        name: 'main',
        tokenFile: undefined,
        token: undefined,
        isReadOnly: true,
        toolsets: undefined,
        channels: undefined,
      },
    ],
    look: offers('slack_post_message'),
    before: true,
    after: false,
  },
  mcpToolsets: { to: ['users'], look: offers('slack_post_message'), before: true, after: false },
  mcpReadOnly: { to: true, look: refusal('slack_post_message', post), before: undefined, after: 'read_only' },
  mcpTools: { to: ['slack_list_pins'], look: offers('slack_list_pins'), before: false, after: true },
  mcpExcludeTools: {
    to: ['slack_post_message'],
    look: offers('slack_post_message'),
    before: true,
    after: false,
  },
  mcpReadChannels: {
    to: ['!#general'],
    look: refusal('slack_read_channel_messages', { channel: general }),
    before: undefined,
    after: 'read_channels',
  },
  mcpWriteChannels: {
    to: ['#random'],
    look: refusal('slack_post_message', post),
    before: undefined,
    after: 'write_channels',
  },
  mcpDms: {
    to: false,
    look: refusal('slack_read_channel_messages', { channel: dms[0] }),
    before: undefined,
    after: 'no_dms',
  },
  mcpConfirm: {
    to: true,
    look: refusal('slack_delete_message', { channel: general, message_ts: '1712345678.000100' }),
    before: 'SLACK_REFUSED',
    after: 'confirm',
  },
  mcpAllowBroadcasts: {
    to: true,
    look: refusal('slack_post_message', { channel: general, text: '<!channel> hello' }),
    before: 'TOOL_ARGUMENTS_INVALID',
    after: undefined,
  },
  mcpAllowUnfurling: {
    to: true,
    look: async ({ call, slack }) => {
      await call('slack_post_message', post)
      return new URLSearchParams(slack.body).get('unfurl_links')
    },
    before: 'false',
    after: null,
  },
  mcpImageHosts: {
    to: ['img.example.com'],
    look: refusal('slack_post_message', {
      channel: general,
      blocks: [{ type: 'image', image_url: 'https://img.example.com/a.png', alt_text: 'a' }],
    }),
    before: 'TOOL_ARGUMENTS_INVALID',
    after: undefined,
  },
  mcpHideAuthors: {
    to: ['bots'],
    look: async ({ call }) => {
      await call('slack_post_message', post)
      const { text } = await call('slack_read_channel_messages', { channel: 'C0DEMO00REL', limit: 50 })
      return text.includes('MCP_HIDE_AUTHORS')
    },
    before: false,
    after: true,
  },
  mcpTimezone: {
    from: { mcpTimezone: 'UTC' },
    to: 'Asia/Tokyo',
    look: async ({ call }) =>
      (await call('slack_schedule_message', { ...post, post_at: '2001-01-01' })).text.includes('Asia/Tokyo'),
    before: false,
    after: true,
  },
  mcpLookupPagesMax: {
    to: 2,
    look: async ({ call, slack }) => {
      slack.calls.clear()
      await call('slack_post_message', { channel: `#nowhere-${crypto.randomUUID()}`, text: 'hello' })
      return slack.calls.get('conversations.list')
    },
    before: 10,
    after: 2,
  },
  forwardSecret: {
    to: new Secret(token('f')),
    look: async (server) => {
      const { endpoint } = server
      const known = endpoint.received.length
      await postEvent(server, signingSecret)
      await endpoint.receivedCount(known + 1)
      const { headers, bytes } = endpoint.received[known] ?? expect.unreachable()
      const seconds = Number(headers.get('x-slack-request-timestamp'))
      return headers.get('x-slack-signature') === signBody(token('f'), seconds, bytes)
    },
    before: false,
    after: true,
  },
  limitsAddressFailuresPerMinute: {
    to: 1,
    look: (server) => twice(() => status('/list_tools', {}, 'wrong')(server)),
    before: [401, 401],
    after: [401, 429],
  },
  limitsPrincipalRequestsPerMinute: {
    to: 1,
    look: (server) => twice(() => status('/list_tools')(server)),
    before: [200, 200],
    after: [200, 429],
  },
  limitsToolCallsPerMinute: {
    to: 1,
    look: (server) => twice(async () => (await server.call('slack_post_message', post)).status),
    before: [200, 200],
    after: [200, 429],
  },
  corsAllowOrigins: {
    to: ['https://app.example.com'],
    look: header('access-control-allow-origin'),
    before: null,
    after: 'https://app.example.com',
  },
  corsAllowMethods: {
    from: { corsAllowOrigins: ['https://app.example.com'] },
    to: ['POST'],
    look: async (server) => (await preflight(server)).headers.get('access-control-allow-methods'),
    before: 'GET, POST, DELETE',
    after: 'POST',
  },
  corsAllowHeaders: {
    from: { corsAllowOrigins: ['https://app.example.com'] },
    to: ['X-Mine'],
    look: async (server) =>
      (await preflight(server)).headers.get('access-control-allow-headers')?.includes('X-Mine'),
    before: false,
    after: true,
  },
  corsAllowCredentials: {
    from: { corsAllowOrigins: ['https://app.example.com'] },
    to: true,
    look: header('access-control-allow-credentials'),
    before: null,
    after: 'true',
  },
}

function preflight({ url }: Looked): Promise<Response> {
  return fetch(`${url}/list_tools`, {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example.com', 'access-control-request-method': 'GET' },
  })
}

let endpoint: ForwardEndpoint
beforeAll(() => {
  endpoint = startForwardEndpoint()
})
afterAll(() => endpoint[Symbol.asyncDispose]())

/** A server on a port of its own, over a workspace that notes what it is asked. */
async function start(from: Partial<Config>) {
  const clock = createSystemClock()
  const workspace = createDemoWorkspace({ clock, ids: createSystemIds() })
  const slack = { authorization: '', body: '', calls: new Map<string, number>() }
  const config = configWith({
    mcpTransport: 'streamable-http',
    mcpToolsets: ['default', 'scheduling'],
    mcpTools: ['slack_search_messages'],
    slackApiUrl: 'http://127.0.0.1:1/api/',
    slackBotToken: new Secret(workspace.botToken),
    slackSigningSecret: [new Secret(signingSecret)],
    mcpAuthTokens: [{ name: 'main', token: new Secret(bearer) }],
    forwardUrl: endpoint.url,
    forwardPrivateNetwork: true,
    ...from,
  })
  const server = composeApp(config, {
    clock,
    async fetch(url, init) {
      const request = new Request(url, init)
      const method = new URL(request.url).pathname.split('/').at(-1) ?? ''
      slack.calls.set(method, (slack.calls.get(method) ?? 0) + 1)
      if (method === 'chat.postMessage') {
        slack.authorization = request.headers.get('authorization') ?? ''
        slack.body = await request.clone().text()
      }
      if (method !== 'conversations.list') return workspace.handle(request)
      // Never the last page.
      return Response.json({ ok: true, channels: [], response_metadata: { next_cursor: 'more' } })
    },
  })
  const { url } = await server.start().then(() => listen(server.app, { host: '127.0.0.1', port: 0 }))
  return { server, config, looked: asLooked(url, slack) }
}

function asLooked(url: string, slack: Looked['slack']): Looked {
  const headers = (using: string) => ({
    authorization: `Bearer ${using}`,
    'content-type': 'application/json',
  })
  return {
    url,
    slack,
    endpoint,
    get: (path, more = {}, using = bearer) =>
      fetch(`${url}${path}`, { headers: { ...headers(using), ...more } }),
    async call(name, args) {
      const body = JSON.stringify({ name, arguments: args })
      const response = await fetch(`${url}/call_tool`, { method: 'POST', body, headers: headers(bearer) })
      return { status: response.status, text: await response.text() }
    },
  }
}

describe('a reload puts into effect', () => {
  for (const [key, { from = {}, to, look, before, after }] of Object.entries<Probe<OptionKey>>(probes)) {
    verifies('reload:options', key, async () => {
      const { server, config, looked } = await start(from)
      try {
        expect(await look(looked)).toEqual(before)
        reconfigure(server, { ...config, [key]: to })
        expect(await look(looked)).toEqual(after)
      } finally {
        await server.stop()
      }
    })
  }
})

/** In one turn, as the signal does it. */
function reconfigure(server: ReconfigurableApp, config: Config): void {
  server.reconfigure(config)
}

verifies('reload:options', 'every option that the table marks is looked at', () => {
  const marked = namedOptions.filter(({ row }) => row.reloads === true).map(({ key }) => key)
  expect(marked.toSorted()).toEqual([...Object.keys(probes), 'logLevel'].toSorted() as OptionKey[])
})
