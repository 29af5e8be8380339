import { type McpTarget, openClient, subscribe } from '../load/mcp-requests.ts'

/** Clients of MCP that wait for changes of one resource, each on a stream of its own. */
export interface Subscribers extends AsyncDisposable {
  readonly count: number
  /** Resolves once everybody has had one more notification, or after half a minute. */
  everybodyHears(): Promise<Heard>
}

interface Heard {
  /** NaN where nobody was notified, as the last one is. */
  readonly firstAtMs: number
  readonly lastAtMs: number
  /** Subscribers without a notification. */
  readonly missing: number
}

const openAtOnce = 50
const hearMaxMs = 30_000

export async function openSubscribers(
  target: McpTarget,
  { count, uri }: { readonly count: number; readonly uri: string },
): Promise<Subscribers> {
  await using stack = new AsyncDisposableStack()
  let round = newRound(count)
  const onText = (text: string) => {
    if (text.includes('notifications/resources/updated') && text.includes(uri)) round.hear()
  }
  for (let from = 0; from < count; from += openAtOnce) {
    const batch = Array.from({ length: Math.min(openAtOnce, count - from) }, async () => {
      const request = await subscribe(target, await openClient(target), uri)
      return await openStream(target.origin, request, onText)
    })
    for (const close of await Promise.all(batch)) stack.defer(close)
  }
  const owned = stack.move()
  return {
    count,
    everybodyHears() {
      round = newRound(count)
      return round.done
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** A socket and not `fetch`, which waits with more than 256 at once. Resolves when the stream is open, with what closes it. */
async function openStream(
  origin: string,
  request: string,
  onText: (text: string) => void,
): Promise<() => void> {
  const open = Promise.withResolvers<void>()
  const { hostname, port } = new URL(origin)
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data(_, bytes) {
        const text = bytes.toString('latin1')
        if (!text.startsWith('HTTP/1.1 ')) onText(text)
        else if (text.startsWith('HTTP/1.1 200')) open.resolve()
        else open.reject(new Error(`No stream was opened: ${text}`))
      },
    },
  })
  socket.write(request)
  await open.promise
  return () => void socket.end()
}

interface Round {
  hear(): void
  readonly done: Promise<Heard>
}

/** Each stream carries one notification for one event, so that they are counted and not told apart. */
function newRound(count: number): Round {
  const { promise, resolve } = Promise.withResolvers<Heard>()
  let [heard, firstAtMs, lastAtMs] = [0, Number.NaN, Number.NaN]
  const end = () => resolve({ firstAtMs, lastAtMs, missing: count - heard })
  const timer = setTimeout(end, hearMaxMs)
  return {
    done: promise,
    hear() {
      lastAtMs = performance.now()
      if (heard++ === 0) firstAtMs = lastAtMs
      if (heard !== count) return
      clearTimeout(timer)
      end()
    },
  }
}
