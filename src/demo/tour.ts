import type { Clock } from '../base/clock.ts'
import { type EventEnvelope, renderUrlVerification } from './event-envelope.ts'
import type { SignedSender } from './signed-sender.ts'
import type { DemoWorkspace } from './workspace.ts'

export type TourTransport = 'streamable-http' | 'sse'

/** An AI client, as far as the tour needs one. */
export interface TourClient {
  listTools(): Promise<readonly string[]>
  callTool(
    name: string,
    args: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly isError: boolean; readonly text: string }>
  close(): Promise<void>
}

/** What the queue of the server holds and has handed out. */
export interface TourQueue {
  /** The bytes of every kept event with this id. */
  kept(eventId: string): Promise<readonly Uint8Array[]>
  /** How often a consumer got the event; waits until it got it once, or for five seconds. */
  consumed(eventId: string): Promise<number>
}

export interface TourDeps {
  readonly clock: Clock
  readonly workspace: DemoWorkspace
  /** Slack, as the server knows it. */
  readonly slack: SignedSender
  /** Somebody who does not have the signing secret. */
  readonly forger: SignedSender
  readonly queue: TourQueue
  /** What the server serves, in the order of the tour. */
  readonly transports: readonly TourTransport[]
  readonly connect: (transport: TourTransport) => Promise<TourClient>
  readonly report: (line: TourLine) => void
}

/** What the tour says while it goes. */
export type TourLine =
  | { readonly kind: 'chapter'; readonly title: string }
  | {
      readonly kind: 'step'
      readonly title: string
      readonly isOk: boolean
      /** What was seen. */
      readonly result: string
      readonly elapsedMs: number
    }

export interface TourSummary {
  readonly stepCount: number
  readonly failedCount: number
}

const transportNames = { 'streamable-http': 'streamable HTTP', sse: 'SSE, as older ones do' } as const

interface Step {
  readonly title: string
  /** Says what was seen; throws where it is not what was promised. */
  run(): Promise<string>
}

/** Walks once through everything that the server promises, and looks each time at what really happened. Never rejects. */
export async function runTour(deps: TourDeps): Promise<TourSummary> {
  const counts = { stepCount: 0, failedCount: 0 }
  const walk = async (title: string, steps: readonly Step[]) => {
    deps.report({ kind: 'chapter', title })
    for (const step of steps) {
      const line = await take(step, deps.clock)
      counts.stepCount++
      if (!line.isOk) counts.failedCount++
      deps.report(line)
    }
  }
  await walk("Slack's events come in", eventSteps(deps))
  for (const transport of deps.transports) {
    await walk(`An AI client uses Slack, over ${transportNames[transport]}`, clientSteps(deps, transport))
  }
  return counts
}

async function take({ title, run }: Step, clock: Clock) {
  const startedAtMs = clock.monotonic()
  const outcome = await run().then(
    (result) => ({ isOk: true, result }),
    (error: unknown) => ({ isOk: false, result: error instanceof Error ? error.message : String(error) }),
  )
  return { kind: 'step', title, ...outcome, elapsedMs: clock.monotonic() - startedAtMs } as const
}

const channel = 'release'

function eventSteps({ workspace, slack, forger, queue }: TourDeps): readonly Step[] {
  const text = 'Go for 2.4 in ten minutes. Last call!'
  const event = eventOnce(workspace, () => workspace.post({ channel, by: 'ana', text }))
  return [
    {
      title: 'answers the signed handshake with its challenge',
      async run() {
        const challenge = 'tour-challenge'
        const { status, body } = await attempt(slack, renderUrlVerification(challenge))
        expect(status === 200, `it answered ${statusText(status)}`)
        expect(isEqual(JSON.parse(body), { challenge }), 'the challenge did not come back')
        return '200, the challenge'
      },
    },
    {
      title: 'keeps a signed event with its exact bytes',
      async run() {
        const { status } = await attempt(slack, event.body)
        expect(status === 200, `it answered ${statusText(status)}`)
        return `200, ${await keptOnce(queue, event)}`
      },
    },
    {
      title: 'keeps the same event once when Slack sends it again',
      async run() {
        const { status } = await attempt(slack, event.body, 1)
        expect(status === 200, `it answered ${statusText(status)}`)
        return `200, still ${await keptOnce(queue, event)}`
      },
    },
    {
      title: 'hands it to a consumer of the queue, once',
      run: () => consumedOnce(queue, event.eventId),
    },
    {
      title: 'refuses a forged event and keeps nothing of it',
      async run() {
        const forged = eventOnce(workspace, () =>
          workspace.post({ channel, by: 'raj', text: 'Rollback at once!' }),
        )
        const { status } = await attempt(forger, forged.body)
        expect(status === 401, `it answered ${statusText(status)}`)
        const copies = await queue.kept(forged.eventId)
        expect(copies.length === 0, `${copies.length} of it are kept`)
        return '401, none kept'
      },
    },
  ]
}

function clientSteps(deps: TourDeps, transport: TourTransport): readonly Step[] {
  const { workspace } = deps
  let connected: Promise<TourClient> | undefined
  const client = () => {
    connected ??= deps.connect(transport)
    return connected
  }
  const question = 'Who tells support about the new seat maps?'
  const threadTs = workspace.post({ channel, by: 'lena', text: question })
  const answer = `I will, as soon as 2.4 is out. (said over ${transport})`
  return [
    {
      title: 'lists the tools',
      async run() {
        const names = await (await client()).listTools()
        expect(names.includes('slack_thread_reply'), 'slack_thread_reply is not among them')
        return `${names.length} tools`
      },
    },
    {
      title: `reads #${channel}`,
      async run() {
        const { isError, text } = await (await client()).callTool('slack_read_channel_messages', {
          channel: `#${channel}`,
          limit: 20,
        })
        expect(!isError, text)
        expect(text.includes(question), "Lena's question is not in what it read")
        return `Lena asks: “${question}”`
      },
    },
    replyStep(deps, client, { threadTs, text: answer }),
    {
      title: 'shows the reply in the workspace, in its thread',
      async run() {
        await (await client()).close()
        const found = repliesWith(workspace, threadTs, answer)
        expect(found === 1, `the thread holds it ${found} times`)
        return `#${channel}, by ${workspace.userName(workspace.botUserId)}`
      },
    },
  ]
}

/** The reply goes out through Slack's API and comes back through the webhook: one turn through both halves. */
function replyStep(
  { workspace, slack, queue }: TourDeps,
  client: () => Promise<TourClient>,
  reply: { readonly threadTs: string; readonly text: string },
): Step {
  return {
    title: 'replies in the thread, and gets its own reply back as an event',
    async run() {
      const events: EventEnvelope[] = []
      const stop = workspace.onEvent((envelope) => events.push(envelope))
      const { isError, text } = await (await client())
        .callTool('slack_thread_reply', {
          channel: `#${channel}`,
          thread_ts: reply.threadTs,
          texts: [reply.text],
        })
        .finally(stop)
      expect(!isError, text)
      const [own] = events
      expect(own !== undefined, 'Slack announced no event for it')
      const { status } = await attempt(slack, JSON.stringify(own))
      expect(status === 200, `the event was answered ${statusText(status)}`)
      return `posted; the event ${await consumedOnce(queue, own.event_id)}`
    },
  }
}

interface SentEvent {
  readonly eventId: string
  /** What Slack posts. */
  readonly body: string
}

/** The event that `act` makes Slack announce. */
function eventOnce(workspace: DemoWorkspace, act: () => void): SentEvent {
  const events: EventEnvelope[] = []
  const stop = workspace.onEvent((envelope) => events.push(envelope))
  act()
  stop()
  const [envelope] = events
  if (envelope === undefined) throw new TypeError('The bot is not in the channel of the tour')
  return { eventId: envelope.event_id, body: JSON.stringify(envelope) }
}

async function attempt(sender: SignedSender, body: string, retryNum = 0) {
  const report = await sender.send(body, { retryNum })
  return report.attempts[0]
}

async function keptOnce(queue: TourQueue, { eventId, body }: SentEvent): Promise<string> {
  const [first, ...more] = await queue.kept(eventId)
  expect(first !== undefined, 'nothing of it is kept')
  expect(more.length === 0, `${more.length + 1} of it are kept`)
  expect(Buffer.from(body).equals(first), 'other bytes were kept than were sent')
  return `1 kept, ${first.byteLength} bytes`
}

async function consumedOnce(queue: TourQueue, eventId: string): Promise<string> {
  const count = await queue.consumed(eventId)
  expect(count === 1, `a consumer got it ${count} times`)
  return 'arrived once'
}

function repliesWith(workspace: DemoWorkspace, threadTs: string, text: string): number {
  return workspace
    .messages(channel)
    .filter(
      (message) =>
        message['thread_ts'] === threadTs &&
        message['user'] === workspace.botUserId &&
        message['text'] === text,
    ).length
}

function isEqual(value: unknown, expected: unknown): boolean {
  return JSON.stringify(value) === JSON.stringify(expected)
}

function statusText(status: number | undefined): string {
  return status === undefined ? 'nothing' : String(status)
}

function expect(isTrue: boolean, otherwise: string): asserts isTrue {
  if (!isTrue) throw new Error(otherwise)
}
