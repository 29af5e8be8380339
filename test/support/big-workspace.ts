/** A Slack of any size on loopback, to count what look-ups cost. It answers the few methods that names need, page by page, as slowly as told. */
export interface BigWorkspace extends AsyncDisposable {
  readonly apiUrl: string
  /** Calls since the start, by method. */
  counts(): Readonly<Record<string, number>>
  forget(): void
  stop(): Promise<void>
}

export interface BigWorkspaceOptions {
  readonly userCount: number
  readonly channelCount: number
  /** Milliseconds that every answer takes; 0 without it. */
  readonly latencyMs?: number
  /** Messages of every channel, newest first; none without it. */
  readonly messages?: readonly object[]
}

type Params = Readonly<Record<string, string>>

export function startBigWorkspace(options: BigWorkspaceOptions): BigWorkspace {
  const { latencyMs = 0 } = options
  const counts = new Map<string, number>()
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url)
      const method = pathname.replace('/api/', '')
      counts.set(method, (counts.get(method) ?? 0) + 1)
      const params = Object.fromEntries([...searchParams, ...new URLSearchParams(await request.text())])
      if (latencyMs > 0) await Bun.sleep(latencyMs)
      return Response.json({ ok: true, ...answer(method, params, options) })
    },
  })
  return {
    apiUrl: `http://127.0.0.1:${server.port}/api/`,
    counts: () => Object.fromEntries(counts),
    forget: () => counts.clear(),
    stop: () => server.stop(true),
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

function answer(method: string, params: Params, options: BigWorkspaceOptions): object {
  switch (method) {
    case 'auth.test':
      return {
        team: 'Big',
        team_id: 'T1BIG',
        user: 'helper',
        user_id: 'U0BOT',
        bot_id: 'B0BOT',
        url: 'https://big.slack.com/',
      }
    case 'conversations.list':
      return page('channels', options.channelCount, params, channelOf)
    case 'users.list':
      return page('members', options.userCount, params, userOf)
    case 'users.info':
      return { user: userOf(Number(/\d+/.exec(params['user'] ?? '')?.[0] ?? 0)) }
    case 'conversations.info':
      return { channel: channelOf(Number(/\d+/.exec(params['channel'] ?? '')?.[0] ?? 0)) }
    case 'conversations.history':
      return { messages: (options.messages ?? []).slice(0, Number(params['limit'])), has_more: false }
    default:
      return { ok: false, error: 'unknown_method' }
  }
}

function page(field: string, count: number, params: Params, make: (index: number) => object) {
  const from = Number(params['cursor'] ?? 0)
  const to = Math.min(count, from + Number(params['limit'] ?? count))
  const members = Array.from({ length: to - from }, (_, offset) => make(from + offset))
  return { [field]: members, response_metadata: { next_cursor: to < count ? String(to) : '' } }
}

/** As long as Slack's: most of a listing is what nobody asked for. */
function userOf(index: number) {
  const name = `person${String(index).padStart(5, '0')}`
  const images = [24, 32, 48, 72, 192, 512].map((size) => [
    `image_${size}`,
    `https://avatars.example/${name}/${size}.png`,
  ])
  return {
    id: `U${String(index).padStart(6, '0')}`,
    team_id: 'T1BIG',
    name,
    deleted: false,
    color: '9f69e7',
    real_name: `Person ${index}`,
    tz: 'Europe/London',
    tz_label: 'Greenwich Mean Time',
    tz_offset: 0,
    profile: {
      title: 'Engineer',
      phone: '',
      skype: '',
      real_name: `Person ${index}`,
      real_name_normalized: `Person ${index}`,
      display_name: `P ${index}`,
      display_name_normalized: `P ${index}`,
      status_text: '',
      status_emoji: '',
      avatar_hash: '0123456789ab',
      ...Object.fromEntries(images),
      team: 'T1BIG',
    },
    is_admin: false,
    is_owner: false,
    is_restricted: false,
    is_bot: false,
    updated: 1_700_000_000,
  }
}

function channelOf(index: number) {
  return {
    id: `C${String(index).padStart(6, '0')}`,
    name: `channel-${String(index).padStart(5, '0')}`,
    name_normalized: `channel-${String(index).padStart(5, '0')}`,
    is_channel: true,
    is_private: false,
    is_archived: false,
    is_member: index % 100 === 0,
    created: 1_600_000_000,
    creator: 'U000001',
    num_members: 10,
    topic: { value: `What channel ${index} is about`, creator: 'U000001', last_set: 1_600_000_000 },
    purpose: { value: 'A purpose', creator: 'U000001', last_set: 1_600_000_000 },
    previous_names: [],
  }
}
