import { timingSafeEqual } from 'node:crypto'

/**
 * What any receiver of Slack's events must do, and nothing else: read the body, hash it, compare, parse it, answer. No check of the timestamp, no
 * log, no limit, nothing kept. Prints where it listens; GET /count is the number of events. SIGNING_SECRET in the environment.
 */

const secret = process.env['SIGNING_SECRET'] ?? ''
const answer = { headers: { 'content-type': 'application/json' } }
let count = 0

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  development: false,
  async fetch(request) {
    if (request.method === 'GET') return new Response(String(count))
    const bytes = Buffer.from(await request.arrayBuffer())
    const timestamp = request.headers.get('x-slack-request-timestamp')
    const signature = request.headers.get('x-slack-signature') ?? ''
    const hasher = new Bun.CryptoHasher('sha256', secret)
    const expected = Buffer.from(`v0=${hasher.update(`v0:${timestamp}:`).update(bytes).digest('hex')}`)
    const given = Buffer.from(signature)
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      return new Response(null, { status: 401 })
    if (JSON.parse(bytes.toString('utf8')).event === undefined) return new Response(null, { status: 400 })
    count++
    return new Response('{"status":"ok"}', answer)
  },
})
process.stdout.write(`http://127.0.0.1:${server.port}\n`)
