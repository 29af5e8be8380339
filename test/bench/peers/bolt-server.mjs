// An app of @slack/bolt as its documentation begins one, on Node: HTTPReceiver, one handler of messages. GET /count is the number of messages.
import bolt from '@slack/bolt'

const signingSecret = process.env.SIGNING_SECRET
let count = 0

const receiver = new bolt.HTTPReceiver({
  signingSecret,
  customRoutes: [
    { path: '/count', method: 'GET', handler: (_request, response) => response.end(String(count)) },
  ],
})
// Without the call to auth.test that a token would bring: no Slack is there.
const authorize = async () => ({ botToken: 'xoxb-bench', botId: 'B0BENCH', botUserId: 'U0BENCH' })
const app = new bolt.App({ receiver, authorize })
app.message(async () => {
  count++
})
const server = await app.start({ port: 0, host: '127.0.0.1' })
process.stdout.write(`http://127.0.0.1:${server.address().port}\n`)
