import type { Clock } from '../base/clock.ts'
import { answerBeatMs } from './exchange.ts'
import { createSseResponse, renderEvent, SseStream } from './sse-stream.ts'

/**
 * An answer of the SDK that shows life: where it takes longer than a beat it goes out as a stream whatever it becomes, and a stream of the SDK,
 * which buffers without bound, goes through one that drops a reader that does not read.
 */
export async function asSteadyAnswer(answer: Promise<Response>, clock: Clock): Promise<Response> {
  const first = await withinBeat(answer, clock)
  if (first !== undefined && !isStream(first)) return first
  const pump: Pump = { reader: undefined }
  const stream = new SseStream({
    clock,
    onEnd: (end) => {
      // To let go of the SDK's stream is to cancel the request.
      if (end !== 'finished') pump.reader?.cancel().catch(() => undefined)
    },
  })
  pass(answer, stream, pump).catch(() => stream.end())
  return createSseResponse(stream)
}

/** What the answer is, or undefined where it takes longer than a beat. By a timer alone, since every request comes here. */
function withinBeat(answer: Promise<Response>, clock: Clock): Promise<Response | undefined> {
  return new Promise((resolve, reject) => {
    const beat = clock.schedule(answerBeatMs, () => resolve(undefined))
    answer.then(resolve, reject).finally(() => beat.cancel())
  })
}

interface Pump {
  reader: { cancel(): Promise<void> } | undefined
}

async function pass(answer: Promise<Response>, stream: SseStream, pump: Pump): Promise<void> {
  const response = await answer
  if (!isStream(response)) {
    const body = await response.text()
    stream.end(body === '' ? undefined : renderEvent(body))
    return
  }
  const reader = response.body.getReader()
  pump.reader = reader
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    if (stream.write(value)) continue
    await reader.cancel()
    break
  }
  stream.end()
}

function isStream(response: Response): response is Response & { readonly body: ReadableStream<Uint8Array> } {
  return response.body !== null && response.headers.get('content-type') === 'text/event-stream'
}
