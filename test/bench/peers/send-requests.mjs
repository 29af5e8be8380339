// What wrk-requests.lua does, by autocannon, where there is no wrk: sends the requests of a file, each once. node send-requests.mjs OPTIONS
import { readFileSync } from 'node:fs'
import autocannon from 'autocannon'

const { origin, path, requestBytes, connections, seconds, marker } = JSON.parse(process.argv[2])
const bytes = readFileSync(path)
const count = bytes.length / requestBytes
let next = 0
let isExhausted = false

/** The next request, in the form that autocannon takes. When there is none left, the run ends. */
function takeRequest(request) {
  if (next === count) {
    isExhausted = true
    run.stop()
    return { ...request, method: 'GET', path: '/livez' }
  }
  const text = bytes.toString('latin1', next * requestBytes, (next + 1) * requestBytes)
  next++
  const [head, body] = text.split('\r\n\r\n')
  const [requestLine, ...headerLines] = head.split('\r\n')
  const [method, target] = requestLine.split(' ')
  const headers = Object.fromEntries(headerLines.map((line) => line.split(': ')))
  return { ...request, method, path: target, headers, body }
}

const run = autocannon({
  url: origin,
  connections,
  duration: Math.ceil(seconds),
  ...(marker !== undefined && { verifyBody: (body) => String(body).includes(marker) }),
  requests: [{ setupRequest: takeRequest }],
})
const result = await run

process.stdout.write(
  `${JSON.stringify({
    requests: result.requests.total,
    seconds: result.duration,
    // Its errors hold the timeouts.
    errors: result.errors + result.non2xx + result.mismatches,
    isExhausted,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  })}\n`,
)
