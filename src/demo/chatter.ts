import { type Clock, sleep } from '../base/clock.ts'
import type { Ids } from '../base/ids.ts'
import type { EventEnvelope } from './event-envelope.ts'
import { demoApp } from './seed-table.ts'
import type { DemoWorkspace } from './workspace.ts'

/** What the people of the workspace say to each other while somebody tries the server: each line after a pause that a person would make. */

interface Line {
  readonly by: string
  readonly text: string
  /** Reacts to the line before instead of writing. */
  readonly isReaction?: true
  /** Answers in the thread of the scene's first line. */
  readonly isReply?: true
}

interface Scene {
  readonly channel: string
  readonly lines: readonly Line[]
}

const scenes: readonly Scene[] = [
  {
    channel: 'release',
    lines: [
      { by: 'ana', text: 'Seat maps are on for 10% of the bookings. Watching checkout.' },
      { by: 'raj', text: 'eyes', isReaction: true },
      { by: 'raj', text: 'Error rate 0.2%, same as before.', isReply: true },
      { by: 'lena', text: 'Then take it to 50%?', isReply: true },
      { by: 'ana', text: 'On it.', isReply: true },
    ],
  },
  {
    channel: 'support',
    lines: [
      { by: 'tom', text: 'A customer cannot pick the window seats on the 17:40 to Pier 4. Anybody else?' },
      { by: 'mei', text: 'Those are blocked for wheelchairs until an hour before departure.' },
      { by: 'tom', text: 'pray', isReaction: true },
      { by: 'tom', text: 'Could the map say so? I have explained it three times today.' },
    ],
  },
  {
    channel: 'random',
    lines: [
      { by: 'mei', text: 'There is a seal on the jetty and it has been looking at me for ten minutes.' },
      { by: 'raj', text: 'seal', isReaction: true },
      { by: 'lena', text: 'Does it have a ticket?' },
      { by: 'mei', text: 'joy', isReaction: true },
    ],
  },
  {
    channel: 'release',
    lines: [
      {
        by: 'raj',
        text: 'One pod restarted in the night, out of memory. Not the seat maps: the nightly export.',
      },
      { by: 'lena', text: 'Is there a ticket?', isReply: true },
      { by: 'raj', text: 'TM-4431, I give it to the platform people.', isReply: true },
      { by: 'ana', text: `<@${demoApp.userId}> could you keep an eye on TM-4431 and remind us tomorrow?` },
    ],
  },
  {
    channel: 'general',
    lines: [
      { by: 'lena', text: 'The harbour displays arrive on Tuesday. Who wants to be there when they go up?' },
      { by: 'tom', text: 'raised_hand', isReaction: true },
      { by: 'mei', text: 'raised_hand', isReaction: true },
      { by: 'mei', text: 'I bring the camera.' },
    ],
  },
]

const pauseMsMin = 1_800
const pauseMsMax = 5_500

export interface ChatterDeps {
  readonly workspace: DemoWorkspace
  readonly clock: Clock
  readonly ids: Ids
  /** Ends the conversation. */
  readonly signal: AbortSignal
}

/** Lets the people talk, scene after scene, until `signal` aborts; then resolves. They notice what the bot writes. Never rejects. */
export async function runChatter(deps: ChatterDeps): Promise<void> {
  const { workspace, signal } = deps
  const stop = workspace.onEvent((envelope) => void notice(envelope, deps))
  try {
    for (let index = 0; !signal.aborted; index = (index + 1) % scenes.length) {
      const scene = scenes[index]
      if (scene !== undefined) await play(scene, deps)
    }
  } finally {
    stop()
  }
}

async function play({ channel, lines }: Scene, deps: ChatterDeps): Promise<void> {
  let firstTs: string | undefined
  let lastTs: string | undefined
  for (const { by, text, isReaction, isReply } of lines) {
    await pause(deps)
    if (deps.signal.aborted) return
    if (isReaction === true) {
      if (lastTs !== undefined) deps.workspace.react({ channel, by, ts: lastTs, name: text })
      continue
    }
    const thread = isReply === true && firstTs !== undefined ? { threadTs: firstTs } : {}
    lastTs = deps.workspace.post({ channel, by, text, ...thread })
    firstTs ??= lastTs
  }
}

function pause({ clock, ids, signal }: ChatterDeps): Promise<void> {
  return sleep(clock, pauseMsMin + ids.random() * (pauseMsMax - pauseMsMin), signal)
}

/** Somebody thanks the bot a moment after it wrote where people read: whoever tries the server sees that it was heard. */
async function notice({ event }: EventEnvelope, deps: ChatterDeps): Promise<void> {
  const { workspace, signal } = deps
  if (event.type !== 'message' || event['user'] !== workspace.botUserId) return
  const channel = workspace.channelName(String(event['channel']))
  if (channel === '') return
  await pause(deps)
  if (signal.aborted) return
  workspace.react({ channel, by: 'ana', ts: String(event['ts']), name: 'raised_hands' })
}
