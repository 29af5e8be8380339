import { BodyBudget } from '../base/body.ts'
import { type Clock, sleep, type Timer } from '../base/clock.ts'
import type { Ids } from '../base/ids.ts'
import type { Conversation } from './conversation.ts'
import { type EventEnvelope, wrapEvent } from './event-envelope.ts'
import { serveFiles } from './file-host.ts'
import { addReaction } from './item-actions.ts'
import { postMessage } from './message-actions.ts'
import type { TokenGrant } from './method.ts'
import { renderMessage } from './render-messages.ts'
import type { Rendered } from './render-people.ts'
import { createScriptedFailures, type ScriptedFailure } from './scripted-failures.ts'
import { demoApp, demoTeam } from './seed-table.ts'
import { createWebApi, webApiMethods } from './web-api.ts'
import { createWorkspaceState, type InnerEvent, type WorkspaceState } from './workspace-state.ts'

/** What the demo's bot token may do: everything that the methods ask for, but for posting where the bot is no member. */
export const defaultBotScopes: readonly string[] = [
  'app_mentions:read',
  'bookmarks:read',
  'bookmarks:write',
  'channels:history',
  'channels:join',
  'channels:manage',
  'channels:read',
  'chat:write',
  'emoji:read',
  'files:read',
  'files:write',
  'groups:history',
  'groups:read',
  'groups:write',
  'im:history',
  'im:read',
  'im:write',
  'mpim:history',
  'mpim:read',
  'mpim:write',
  'pins:read',
  'pins:write',
  'reactions:read',
  'reactions:write',
  'team:read',
  'usergroups:read',
  'users:read',
  'users:read.email',
]

const userScopes: readonly string[] = [
  ...defaultBotScopes,
  'channels:write',
  'search:read',
  'search:read.im',
  'search:read.mpim',
  'search:read.private',
  'search:read.public',
]

export interface DemoWorkspaceOptions {
  readonly clock: Clock
  readonly ids: Ids
  /** Default: random, so that no demo's token is worth anything elsewhere. */
  readonly botToken?: string
  /** Ana's own token, for what only people may do. Default: random. */
  readonly userToken?: string
  readonly botScopes?: readonly string[]
  /** People and public channels beside those of the story. Default 0. */
  readonly extraUsers?: number
  readonly extraChannels?: number
  /** How long every call of the Web API takes. Default 0. */
  readonly delayMs?: number
}

/** Where somebody writes or reacts: a channel by its name, a person by the handle. */
export interface DemoPost {
  readonly channel: string
  readonly by: string
  readonly text: string
  readonly threadTs?: string
}

export interface DemoReaction {
  readonly channel: string
  readonly by: string
  readonly ts: string
  readonly name: string
}

/** An embedded Slack workspace: state, people who can be made to act, and the Web API as `handle`. It holds no socket and reads nothing real. */
export interface DemoWorkspace {
  readonly teamId: string
  readonly botUserId: string
  readonly botToken: string
  readonly userToken: string
  /** One HTTP request to `/api/<method>`, or for the bytes of a file at an address that a method told. Rejects only where a scripted failure says so. */
  handle(request: Request): Promise<Response>
  /** Makes one of the people write. Returns the ts. Throws RangeError for an unknown channel or handle. */
  post(post: DemoPost): string
  /** Makes one of the people react. */
  react(reaction: DemoReaction): void
  /** The id of a channel, by its name. Throws RangeError where there is none. */
  channelId(name: string): string
  /** The name of a channel and the handle of a person, for whoever shows events; the id itself where nobody has it. */
  channelName(id: string): string
  userName(id: string): string
  /** All messages of a channel as Slack renders them, oldest first, replies among them. */
  messages(channel: string): readonly Rendered[]
  /** Hears of every event that Slack would send to the app: what happens where the bot is a member. Returns how to stop. */
  onEvent(listener: (envelope: EventEnvelope) => void): () => void
  /** Makes the next `times` calls of a method fail: with Slack's error code, an HTTP status, or a whole answer. */
  failNext(method: string, failure: ScriptedFailure, times?: number): void
  /** How often a method was called, scripted failures included; without one, all calls. */
  callCount(method?: string): number
  /** Drops what was scheduled. Safe to call twice. */
  stop(): void
}

export function createDemoWorkspace(options: DemoWorkspaceOptions): DemoWorkspace {
  const { clock, ids } = options
  const timers = new Set<Timer>()
  const listeners = new Set<(envelope: EventEnvelope) => void>()
  const state = createWorkspaceState({
    clock,
    ids,
    extraUsers: options.extraUsers ?? 0,
    extraChannels: options.extraChannels ?? 0,
    announce: (event, conversation) => announce(event, conversation, { clock, ids, listeners }),
    later: (delayMs, run) => {
      const timer = clock.schedule(delayMs, () => {
        timers.delete(timer)
        run()
      })
      timers.add(timer)
      return () => {
        timer.cancel()
        timers.delete(timer)
      }
    },
  })
  const grants = createGrants(options, state)
  const endpoint = createEndpoint(state, grants, options)
  return {
    teamId: demoTeam.id,
    botUserId: demoApp.userId,
    botToken: grants.bot.token,
    userToken: grants.user.token,
    ...endpoint,
    ...createPeople(state),
    onEvent(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stop() {
      for (const timer of timers) timer.cancel()
      timers.clear()
    },
  }
}

interface AnnounceDeps {
  readonly clock: Clock
  readonly ids: Ids
  readonly listeners: ReadonlySet<(envelope: EventEnvelope) => void>
}

/** An app hears only of the conversations that its bot is in. */
function announce(
  event: InnerEvent,
  conversation: Conversation,
  { clock, ids, listeners }: AnnounceDeps,
): void {
  if (!conversation.members.has(demoApp.userId)) return
  const envelope = wrapEvent(event, conversation.id, clock.now(), ids)
  for (const listener of listeners) listener(envelope)
}

function createGrants(options: DemoWorkspaceOptions, state: WorkspaceState) {
  const { ids, botScopes = defaultBotScopes } = options
  const bot: TokenGrant = {
    token: options.botToken ?? `xoxb-demo-${ids.token(18)}`,
    kind: 'bot',
    userId: demoApp.userId,
    scopes: botScopes,
  }
  const user: TokenGrant = {
    token: options.userToken ?? `xoxp-demo-${ids.token(18)}`,
    kind: 'user',
    userId: idOf(state, 'ana'),
    scopes: userScopes,
  }
  return { bot, user }
}

function createEndpoint(
  state: WorkspaceState,
  grants: { readonly bot: TokenGrant; readonly user: TokenGrant },
  { clock, ids, delayMs = 0 }: DemoWorkspaceOptions,
): Pick<DemoWorkspace, 'handle' | 'failNext' | 'callCount'> {
  const deps = { state, grants: [grants.bot, grants.user], budget: new BodyBudget(bodyBytesBudget) }
  const api = createWebApi({ ...deps, ids })
  const failures = createScriptedFailures()
  const counts = new Map<string, number>()
  return {
    async handle(request) {
      const method = /^\/api\/([a-zA-Z.]+)$/.exec(new URL(request.url).pathname)?.[1]
      if (method === undefined) return serveFiles(request, deps)
      // Names that no method has are counted together: a caller must not grow the map.
      const counted = Object.hasOwn(webApiMethods, method) ? method : unknownMethods
      counts.set(counted, (counts.get(counted) ?? 0) + 1)
      if (delayMs > 0) await sleep(clock, delayMs, request.signal)
      return failures.take(method) ?? api(method, request)
    },
    failNext: failures.add,
    callCount: (method) =>
      method === undefined
        ? [...counts.values()].reduce((sum, count) => sum + count, 0)
        : (counts.get(method) ?? 0),
  }
}

/** Bodies that are being read at once, over all calls and uploads. */
const bodyBytesBudget = 64 * 1024 * 1024

const unknownMethods = '_other'

function createPeople(
  state: WorkspaceState,
): Pick<DemoWorkspace, 'post' | 'react' | 'channelId' | 'channelName' | 'userName' | 'messages'> {
  return {
    post({ channel, by, text, threadTs }) {
      const draft = { userId: idOf(state, by), text, threadTs }
      return postMessage(state, channelOf(state, channel), draft).ts
    },
    react({ channel, by, ts, name }) {
      const conversation = channelOf(state, channel)
      const message = conversation.timeline.find(ts)
      if (message === undefined) throw new RangeError(`#${channel} has no message ${ts}`)
      addReaction(state, conversation, message, { name, userId: idOf(state, by) })
    },
    channelId: (name) => channelOf(state, name).id,
    channelName: (id) => state.conversations.byId(id)?.name ?? id,
    userName: (id) => state.people.byId(id)?.name ?? id,
    messages(channel) {
      const conversation = channelOf(state, channel)
      return conversation.timeline.all().map((message) => renderMessage(message, conversation, state))
    },
  }
}

function channelOf(state: WorkspaceState, name: string): Conversation {
  const conversation = state.conversations.byName(name)
  if (conversation === undefined) throw new RangeError(`There is no channel #${name}`)
  return conversation
}

function idOf(state: WorkspaceState, name: string): string {
  const person = state.people.byName(name)
  if (person === undefined) throw new RangeError(`There is nobody called @${name}`)
  return person.id
}
