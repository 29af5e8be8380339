import type { Static, TObject, TSchema } from '@sinclair/typebox'
import type { Progress } from '../base/progress.ts'
import type { Logger } from '../observe/logger.ts'

/**
 * What MCP clients can use, as data that knows neither protocol era nor transport. `tools/` makes these values; the two era bindings, the REST
 * facade and the command line read them.
 */

/** `read` changes nothing; `write` adds or changes; `destructive` may lose something. Yields annotations and read-only mode. */
export type Effect = 'read' | 'write' | 'destructive'

/** Who calls: the name of the token, or `stdio`. Never a secret. */
export interface Principal {
  readonly name: string
  readonly policy: PrincipalPolicy
  /** The Slack user on whose behalf Slack's own MCP client calls; undefined for every other principal. */
  readonly slackUser?: SlackUser
}

export interface SlackUser {
  readonly userId: string
  readonly teamId: string
  readonly enterpriseId: string | undefined
}

/** What a principal may do beyond the policy of the whole server; every field narrows. */
export interface PrincipalPolicy {
  readonly isReadOnly: boolean
  /** Toolsets that the principal may use, by their own names; undefined means all that are enabled. */
  readonly toolsets: readonly string[] | undefined
  /** Channels (ids, `#names`, `!` to exclude) that the principal may see and write; undefined means all. */
  readonly channels: readonly string[] | undefined
}

/**
 * The rule by which `policy`, and that of the whole server, forbid a tool; undefined where it may be used. The one place that says so: for lists,
 * for calls, and for what is read through a tool.
 */
export function forbiddingRule(
  tool: Pick<RegisteredTool, 'effect' | 'toolset'>,
  policy: PrincipalPolicy,
  server: Pick<PrincipalPolicy, 'isReadOnly'> = { isReadOnly: false },
): 'read_only' | 'toolset' | undefined {
  if ((server.isReadOnly || policy.isReadOnly) && tool.effect !== 'read') return 'read_only'
  return policy.toolsets === undefined || policy.toolsets.includes(tool.toolset) ? undefined : 'toolset'
}

export interface ElicitRequest {
  readonly message: string
  /** A flat JSON Schema object: what the user is asked for. */
  readonly schema: Readonly<Record<string, unknown>>
}

export type ElicitAnswer =
  | { readonly action: 'accept'; readonly content: Readonly<Record<string, unknown>> }
  | { readonly action: 'decline' | 'cancel' }

/** What the client's side can be asked for while a call runs. */
export type ClientRequest =
  | ({ readonly kind: 'elicit' } & ElicitRequest)
  | { readonly kind: 'sample'; readonly prompt: string; readonly tokensMax: number }
  | { readonly kind: 'roots' }

export type ClientAnswer =
  | ({ readonly kind: 'elicit' } & ElicitAnswer)
  | { readonly kind: 'sample'; readonly text: string }
  | { readonly kind: 'roots'; readonly uris: readonly string[] }

/** Severity of a line for the client, as RFC 5424 names it. */
export const clientLogLevels = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
] as const
export type ClientLogLevel = (typeof clientLogLevels)[number]

/** What every call gets, whatever carried it. */
export interface CallContext {
  readonly principal: Principal
  readonly correlationId: string
  readonly log: Logger
  /** Aborts when the caller cancelled, went away (modern era) or the server stops. */
  readonly signal: AbortSignal
  /** Tells the caller how far the call is; does nothing where the caller did not ask. May be called as often as there is news. */
  progress(progress: Progress): void
  /**
   * Asks the user through the client; undefined where the client cannot. In the 2026-07-28 revision the call ends here and starts again from
   * its beginning once the answer is there: ask before anything is changed.
   */
  readonly elicit: ((request: ElicitRequest) => Promise<ElicitAnswer>) | undefined
  /** Whether the client announced that it can be asked for that; absent means for nothing. */
  readonly canAsk?: (kind: ClientRequest['kind']) => boolean
  /** Asks the client's side several things at once, each under a name of the caller's choice; the same warning as for `elicit`. */
  readonly ask?: (
    requests: Readonly<Record<string, ClientRequest>>,
  ) => Promise<ReadonlyMap<string, ClientAnswer>>
  /** A line for the client's own log; dropped below the level that the client asked for. */
  readonly tell?: (level: ClientLogLevel, text: string) => void
  /** Lets go of the connection while a long call goes on; a 2025-11-25 client comes back for the rest, for others nothing happens. */
  readonly releaseConnection?: () => void
}

export type ContentBlock =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly data: string; readonly mimeType: string }
  | { readonly type: 'audio'; readonly data: string; readonly mimeType: string }
  | { readonly type: 'resource'; readonly resource: ResourceContents }
  | {
      readonly type: 'resource_link'
      readonly uri: string
      readonly name: string
      readonly mimeType?: string
    }

export type ResourceContents =
  | { readonly uri: string; readonly mimeType: string; readonly text: string }
  | { readonly uri: string; readonly mimeType: string; readonly blob: string }

/** What a tool hands back: text for the model, the same as typed data, and further blocks. */
export interface ToolOutcome<Data> {
  readonly text: string
  readonly data: Data
  readonly blocks?: readonly ContentBlock[]
}

/** One tool, with the context type that its `run` needs beyond CallContext. */
export interface ToolDefinition<
  Input extends TObject = TObject,
  Output extends TSchema = TSchema,
  Context extends CallContext = CallContext,
> {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly toolset: string
  readonly effect: Effect
  /** Whether calling it twice with the same arguments changes nothing more. */
  readonly isIdempotent?: boolean
  /** OAuth scopes that the token needs, as Slack spells them. */
  readonly scopes: readonly string[]
  /** Other names under which an argument is taken, by the alias; renamed before the check where the argument itself is absent. Not in lists. */
  readonly aliases?: Readonly<Record<string, string>>
  /** A value that is accepted, by argument: for refusals and documents. Not in lists. */
  readonly examples?: Readonly<Record<string, unknown>>
  readonly input: Input
  readonly output: Output
  run(args: Static<Input>, context: Context): Promise<ToolOutcome<Static<Output>>>
}

/** A tool as the registry keeps it: arguments unknown until checked against `input`. */
export interface RegisteredTool {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly toolset: string
  readonly effect: Effect
  readonly isIdempotent: boolean
  readonly scopes: readonly string[]
  /** Other names under which an argument is taken, by the alias; renamed before the check where the argument itself is absent. Not in lists. */
  readonly aliases?: Readonly<Record<string, string>>
  /** A value that is accepted, by argument: for refusals and documents. Not in lists. */
  readonly examples?: Readonly<Record<string, unknown>>
  readonly input: TObject
  readonly output: TSchema
  /** `args` has been checked against `input`. */
  run(args: unknown, context: CallContext): Promise<ToolOutcome<unknown>>
}

export interface RegisteredResource {
  readonly uri: string
  readonly name: string
  readonly title: string
  readonly description: string
  readonly mimeType: string
  read(context: CallContext): Promise<ResourceContents>
}

export interface RegisteredResourceTemplate {
  /** RFC 6570, level 1: `{name}` for one path segment. */
  readonly uriTemplate: string
  readonly name: string
  readonly title: string
  readonly description: string
  readonly mimeType: string
  read(
    variables: Readonly<Record<string, string>>,
    uri: string,
    context: CallContext,
  ): Promise<ResourceContents>
  /** Values for a variable that begin with what was typed; at most 100. */
  complete?(variable: string, typed: string, context: CallContext): Promise<readonly string[]>
}

export interface PromptArgument {
  readonly name: string
  readonly description: string
  readonly isRequired: boolean
}

export interface PromptMessage {
  readonly role: 'user' | 'assistant'
  readonly content: ContentBlock
}

export interface RegisteredPrompt {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly arguments: readonly PromptArgument[]
  /** `args` holds every required argument. */
  render(args: Readonly<Record<string, string>>, context: CallContext): Promise<readonly PromptMessage[]>
  complete?(argument: string, typed: string, context: CallContext): Promise<readonly string[]>
}

export interface ServerIdentity {
  readonly name: string
  readonly title: string
  readonly version: string
  /** How a model should use the server, and that Slack content is data, not orders. */
  readonly instructions: string
  /** Where the one icon of the server is: an https or data URL. */
  readonly icon?: { readonly src: string; readonly mimeType: string }
}

/** The whole offer. Built by the composition root; the lists do not change but by `onChanged`. */
export interface Offer {
  readonly identity: ServerIdentity
  readonly tools: readonly RegisteredTool[]
  readonly resources: readonly RegisteredResource[]
  readonly resourceTemplates: readonly RegisteredResourceTemplate[]
  readonly prompts: readonly RegisteredPrompt[]
  /**
   * Calls `listener` whenever a list was replaced (scopes became known, the configuration was reloaded), with those in which other names stand now;
   * returns how to stop.
   */
  readonly onChanged?: (listener: (changed: readonly ListChange[]) => void) => () => void
}

/** What changed on the server's side, for clients that listen. The composition root maps Slack's events to URIs of resources. */
export type ChangeNotice =
  | { readonly kind: 'resource_updated'; readonly uri: string }
  | { readonly kind: ListChange }

/** The list of which clients are told that it changed. */
export type ListChange = 'tools_changed' | 'prompts_changed' | 'resources_changed'
