import type { Clock } from '../../src/base/clock.ts'
import type { EventBus, SlackNotice } from '../../src/base/event-bus.ts'
import { createEventBus } from '../../src/base/event-bus.ts'
import { createArgumentCheck } from '../../src/mcp/arguments.ts'
import type {
  CallContext,
  ElicitAnswer,
  ElicitRequest,
  Principal,
  PrincipalPolicy,
  ToolOutcome,
} from '../../src/mcp/registry.ts'
import type { SlackApi } from '../../src/slack/api.ts'
import type { SlackFiles } from '../../src/slack/file-transfer.ts'
import type { IdempotencyStore } from '../../src/tools/idempotency.ts'
import { createSlackOffer, type SlackOffer } from '../../src/tools/offer.ts'
import { type ToolSettings, toolSettingsDefaults } from '../../src/tools/tool-settings.ts'
import { FakeClock } from './fake-clock.ts'
import { RecordingLogger } from './recording-logger.ts'
import { ScriptedSlack } from './scripted-slack.ts'
import { sequentialIds } from './sequential-ids.ts'

export interface ToolBench {
  readonly slack: ScriptedSlack
  readonly clock: FakeClock
  readonly log: RecordingLogger
  readonly bus: EventBus<SlackNotice>
  readonly slackOffer: SlackOffer
  /** Questions that tools asked the user. */
  readonly questions: ElicitRequest[]
  context(overrides?: Partial<CallContext>): CallContext
  /** Checks the arguments against the schema, as every binding does, and runs the tool. */
  call(name: string, args: unknown, overrides?: Partial<CallContext>): Promise<ToolOutcome<Data>>
}

/** Structured content as tests read it. */
// biome-ignore lint/suspicious/noExplicitAny: tests assert on the shape that each tool declares
export type Data = any

export interface BenchOptions {
  readonly settings?: Partial<ToolSettings>
  readonly policy?: Partial<PrincipalPolicy>
  /** How the user answers; undefined for a client that cannot ask. */
  readonly answer?: ElicitAnswer
  readonly files?: SlackFiles
  /** In memory where absent. */
  readonly idempotency?: IdempotencyStore
}

export function principalWith(policy: Partial<PrincipalPolicy> = {}): Principal {
  return {
    name: 'tester',
    policy: { isReadOnly: false, toolsets: undefined, channels: undefined, ...policy },
  }
}

/** Files that hold what the test says. */
export function scriptedFiles(content = 'content'): SlackFiles {
  return {
    download: async (_, bytesMax) => {
      const bytes = new TextEncoder().encode(content)
      return { bytes: bytes.slice(0, bytesMax), isCut: bytes.byteLength > bytesMax }
    },
    upload: async () => undefined,
  }
}

/** Every tool over a scripted Slack. */
export function createToolBench(options: BenchOptions = {}): ToolBench {
  const slack = new ScriptedSlack()
  const clock = new FakeClock()
  return { slack, clock, ...createBenchOver({ slack, clock, ...options }) }
}

/** Every tool over any Slack: the scripted one, or the real client before a double. */
export function createBenchOver({
  slack,
  clock,
  settings,
  policy,
  answer,
  files = scriptedFiles(),
  idempotency,
}: BenchOptions & { readonly slack: SlackApi; readonly clock: Clock }): Omit<ToolBench, 'slack' | 'clock'> {
  const log = new RecordingLogger()
  const bus = createEventBus<SlackNotice>((error) => {
    throw error
  })
  const slackOffer = createSlackOffer({
    slack,
    clock,
    ids: sequentialIds(),
    version: '0.0.0',
    notices: bus,
    settings: { ...toolSettingsDefaults, toolsets: ['all'], hasUserToken: true, ...settings },
    files,
    ...(idempotency === undefined ? {} : { idempotency }),
  })
  const questions: ElicitRequest[] = []
  const principal = principalWith(policy)
  const elicit = async (request: ElicitRequest): Promise<ElicitAnswer> => {
    questions.push(request)
    return answer ?? { action: 'cancel' }
  }
  const context = (overrides: Partial<CallContext> = {}): CallContext => ({
    principal,
    correlationId: '00000000-0000-4000-8000-000000000000',
    log,
    signal: new AbortController().signal,
    progress: () => undefined,
    elicit: answer === undefined ? undefined : elicit,
    ...overrides,
  })
  const check = createArgumentCheck()
  const call: ToolBench['call'] = async (name, args, overrides) => {
    const tool = slackOffer.offer.tools.find((candidate) => candidate.name === name)
    if (tool === undefined) throw new Error(`No tool ${name}`)
    return await tool.run(check(tool, args), context(overrides))
  }
  return { log, bus, slackOffer, questions, context, call }
}

/** A notice as the receiving side announces it. */
export function noticeOf(type: string, event: Readonly<Record<string, unknown>>): SlackNotice {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  return {
    eventId: `Ev-${type}`,
    type,
    teamId: 'T100',
    channelId: text(event['channel']),
    userId: text(event['user']),
    ts: text(event['ts']),
    threadTs: text(event['thread_ts']),
    event: { type, ...event },
  }
}
