import { expect, test } from 'bun:test'
import { createSignedSender } from '../../../src/demo/signed-sender.ts'
import {
  runTour,
  type TourClient,
  type TourDeps,
  type TourLine,
  type TourTransport,
} from '../../../src/demo/tour.ts'
import { createSigningKeys, readSignatureClaim, verifySignature } from '../../../src/slack/signature.ts'
import { type DemoBench, demoBench } from '../../support/demo-call.ts'

/** How the made-up server behind the tour misbehaves. */
interface Faults {
  readonly loses?: boolean
  readonly doubles?: boolean
  readonly alters?: boolean
  readonly trustsEverybody?: boolean
  readonly forgetsChallenge?: boolean
  readonly acceptsLate?: boolean
  readonly keepsWhatItRefuses?: boolean
  readonly handsOutTwice?: boolean
  readonly isDown?: boolean
  readonly hasNoTools?: boolean
  readonly readsNothing?: boolean
  readonly pretendsToReply?: boolean
  readonly lockedOut?: TourTransport
}

const secret = 'tour-secret'

/** A server small enough to be wrong on purpose: it verifies, deduplicates, keeps, and lets a client read and reply. */
function fakeServer(bench: DemoBench, faults: Faults) {
  const kept: { id: string; bytes: Uint8Array }[] = []
  const keys = createSigningKeys([secret])
  const keep = (id: string, bytes: Uint8Array) => {
    const isWanted = faults.doubles === true || kept.every((event) => event.id !== id)
    if (isWanted && faults.loses !== true) {
      kept.push({ id, bytes: faults.alters === true ? bytes.slice(1) : bytes })
    }
  }
  const isSigned = (request: Request, bytes: Uint8Array) => {
    const claim = readSignatureClaim(request.headers, bench.clock.now())
    return typeof claim !== 'string' && verifySignature(claim, bytes, keys) !== undefined
  }
  const accepted = { status: faults.acceptsLate === true ? 202 : 200 }
  const fetch = async (url: string, init: RequestInit) => {
    if (faults.isDown === true) throw new Error('refused')
    const request = new Request(url, init)
    const bytes = new Uint8Array(await request.arrayBuffer())
    const body = JSON.parse(new TextDecoder().decode(bytes)) as { challenge?: string; event_id?: string }
    const isTrusted = faults.trustsEverybody === true || isSigned(request, bytes)
    if (!isTrusted) {
      if (faults.keepsWhatItRefuses === true) keep(body.event_id ?? '', bytes)
      return new Response('no', { status: 401 })
    }
    if (body.challenge === undefined) {
      keep(body.event_id ?? '', bytes)
      return Response.json({ status: 'ok' }, accepted)
    }
    return Response.json({ challenge: faults.forgetsChallenge === true ? 'other' : body.challenge }, accepted)
  }
  return { kept, fetch }
}

function fakeClient(bench: DemoBench, faults: Faults): TourClient {
  return {
    listTools: async () => (faults.hasNoTools === true ? [] : ['slack_thread_reply']),
    async callTool(name, args) {
      if (name === 'slack_read_channel_messages') {
        const texts =
          faults.readsNothing === true ? [] : bench.workspace.messages('release').map(({ text }) => text)
        return { isError: false, text: texts.join('\n') }
      }
      if (faults.pretendsToReply !== true) {
        const [text = ''] = args['texts'] as readonly string[]
        await bench.call('chat.postMessage', {
          channel: 'release',
          thread_ts: String(args['thread_ts']),
          text,
        })
      }
      return { isError: false, text: 'ok' }
    },
    close: async () => undefined,
  }
}

async function tour(faults: Faults = {}, deps: Partial<TourDeps> = {}) {
  const bench = demoBench()
  const server = fakeServer(bench, faults)
  const lines: TourLine[] = []
  const common = { url: 'http://localhost/slack/events', clock: bench.clock, fetch: server.fetch }
  const summary = await runTour({
    clock: bench.clock,
    workspace: bench.workspace,
    slack: createSignedSender({ ...common, signingSecret: secret }),
    forger: createSignedSender({ ...common, signingSecret: 'forged' }),
    queue: {
      kept: async (eventId) => server.kept.filter(({ id }) => id === eventId).map(({ bytes }) => bytes),
      consumed: async (eventId) =>
        server.kept.filter(({ id }) => id === eventId).length * (faults.handsOutTwice === true ? 2 : 1),
    },
    transports: ['streamable-http', 'sse'],
    connect: async (transport) => {
      if (faults.lockedOut === transport) throw new Error('401 Unauthorized')
      return fakeClient(bench, faults)
    },
    report: (line) => lines.push(line),
    ...deps,
  })
  const steps = lines.filter((line) => line.kind === 'step')
  const failed = steps.filter(({ isOk }) => !isOk).map(({ title, result }) => `${title}: ${result}`)
  return { summary, lines, steps, failed }
}

test('walks thirteen steps over two transports and finds all of them good', async () => {
  const { summary, lines, failed } = await tour()
  expect(failed).toEqual([])
  expect(summary).toEqual({ stepCount: 13, failedCount: 0 })
  expect(lines.filter((line) => line.kind === 'chapter').map(({ title }) => title)).toEqual([
    "Slack's events come in",
    'An AI client uses Slack, over streamable HTTP',
    'An AI client uses Slack, over SSE, as older ones do',
  ])
})

test('walks only the transports that are served', async () => {
  expect((await tour({}, { transports: ['streamable-http'] })).summary.stepCount).toBe(9)
})

const faults: readonly (readonly [Faults, readonly string[]])[] = [
  [{ loses: true }, ['keeps a signed event with its exact bytes: nothing of it is kept']],
  [{ doubles: true }, ['keeps the same event once when Slack sends it again: 2 of it are kept']],
  [{ alters: true }, ['keeps a signed event with its exact bytes: other bytes were kept than were sent']],
  [{ trustsEverybody: true }, ['refuses a forged event and keeps nothing of it: it answered 200']],
  [
    { forgetsChallenge: true },
    ['answers the signed handshake with its challenge: the challenge did not come back'],
  ],
  [{ handsOutTwice: true }, ['hands it to a consumer of the queue, once: a consumer got it 2 times']],
  [{ keepsWhatItRefuses: true }, ['refuses a forged event and keeps nothing of it: 1 of it are kept']],
  [
    { acceptsLate: true },
    [
      'answers the signed handshake with its challenge: it answered 202',
      'keeps a signed event with its exact bytes: it answered 202',
      'keeps the same event once when Slack sends it again: it answered 202',
      'replies in the thread, and gets its own reply back as an event: the event was answered 202',
    ],
  ],
  [{ isDown: true }, ['keeps a signed event with its exact bytes: it answered nothing']],
  [{ hasNoTools: true }, ['lists the tools: slack_thread_reply is not among them']],
  [{ readsNothing: true }, ["reads #release: Lena's question is not in what it read"]],
  [
    { pretendsToReply: true },
    [
      'replies in the thread, and gets its own reply back as an event: Slack announced no event for it',
      'shows the reply in the workspace, in its thread: the thread holds it 0 times',
    ],
  ],
  [{ lockedOut: 'sse' }, ['lists the tools: 401 Unauthorized']],
]

for (const [fault, expected] of faults) {
  test(`sees that the server ${Object.keys(fault)[0]}`, async () => {
    const { summary, failed } = await tour(fault)
    for (const line of expected) expect(failed).toContain(line)
    expect(summary.failedCount).toBe(failed.length)
  })
}
