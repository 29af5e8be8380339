import { describe, expect, test } from 'bun:test'
import { corpusFiles, hasCorpus } from '../../support/corpus.ts'
import { createWebhookFixture } from '../../support/http-fixture.ts'
import { verifies } from '../../support/verifies.ts'

const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' } }
const command =
  'token=t&team_id=T1&channel_id=C1&user_id=U1&command=%2Fdeploy&text=now&response_url=https%3A%2F%2Fhooks.slack.com%2Fx'
const interaction = (payload: unknown) => new URLSearchParams({ payload: JSON.stringify(payload) }).toString()

describe('slash commands', () => {
  verifies(
    'webhook:command:stored',
    'are stored with their exact bytes and answered at once with nothing',
    async () => {
      const { post, queue } = createWebhookFixture()
      const response = await post(command, { ...form, path: '/slack/commands' })
      expect([response.status, await response.text()]).toEqual([200, ''])
      expect(queue.events).toMatchObject([
        {
          key: 'C1',
          bytes: new TextEncoder().encode(command),
          meta: { type: 'slash_command', teamId: 'T1', channelId: 'C1', source: 'commands' },
        },
      ])
    },
  )

  verifies(
    'webhook:form:dedupe',
    'a replay of the same request is stored once, the same command later again',
    async () => {
      const { post, queue, clock } = createWebhookFixture()
      const send = () => post(command, { ...form, path: '/slack/commands' })
      expect([(await send()).status, (await send()).status]).toEqual([200, 200])
      expect(queue.events).toHaveLength(1)
      await clock.advance(1000)
      await send()
      expect(queue.events).toHaveLength(2)
    },
  )

  test('a signed form without a command, or JSON, is refused', async () => {
    const { post, queue } = createWebhookFixture()
    expect((await post('text=hi', { ...form, path: '/slack/commands' })).status).toBe(400)
    expect((await post(command, { path: '/slack/commands' })).status).toBe(415)
    expect((await post(command, { ...form, path: '/slack/events' })).status).toBe(415)
    expect(queue.events).toEqual([])
  })
})

describe("Slack's certificate check", () => {
  const unsigned = (app: ReturnType<typeof createWebhookFixture>['app'], path: string, body: string) =>
    app.handle(new Request(`http://localhost${path}`, { method: 'POST', body, headers: form.headers }))

  verifies(
    'webhook:ssl-check',
    'gets an empty 200, and never carries a command past the signature',
    async () => {
      const { app, queue } = createWebhookFixture()
      for (const path of ['/slack/commands', '/slack/interactivity']) {
        const response = await unsigned(app, path, `ssl_check=1&${command}`)
        expect([response.status, await response.text()]).toEqual([200, ''])
      }
      expect((await unsigned(app, '/slack/commands', command)).status).toBe(401)
      expect((await unsigned(app, '/slack/commands', 'ssl_check=0')).status).toBe(401)
      expect((await unsigned(app, '/slack/commands', `ssl_check=1&pad=${'x'.repeat(5000)}`)).status).toBe(401)
      expect((await unsigned(app, '/slack/events', 'ssl_check=1')).status).toBe(401)
      // A signature that is wrong is not one that is missing.
      for (const signature of ['v0=', `v0=${'a'.repeat(64)}`]) {
        const headers = { 'x-slack-signature': signature, 'x-slack-request-timestamp': '1' }
        const request = new Request('http://localhost/slack/commands', {
          method: 'POST',
          body: 'ssl_check=1',
          headers: { ...form.headers, ...headers },
        })
        expect((await app.handle(request)).status).toBe(401)
      }
      expect(queue.events).toEqual([])
    },
  )
})

describe('interactions', () => {
  verifies('webhook:interaction:stored', 'are stored under their type with team and channel', async () => {
    const { post, queue } = createWebhookFixture()
    const body = interaction({ type: 'block_actions', team: { id: 'T1' }, container: { channel_id: 'C9' } })
    const response = await post(body, { ...form, path: '/slack/interactivity' })
    expect([response.status, await response.text()]).toEqual([200, ''])
    expect(queue.events[0]?.meta).toMatchObject({
      type: 'interactive:block_actions',
      teamId: 'T1',
      channelId: 'C9',
      source: 'interactivity',
    })
  })

  test('a payload that is no JSON object with a type is refused', async () => {
    const { post, queue } = createWebhookFixture()
    for (const body of ['payload=', 'payload=%7B%7D', 'payload=nonsense', 'other=1', interaction([1])]) {
      expect((await post(body, { ...form, path: '/slack/interactivity' })).status).toBe(400)
    }
    expect(queue.events).toEqual([])
  })

  test.skipIf(!hasCorpus)('every recorded form is taken and stored as it came', async () => {
    const { post, queue } = createWebhookFixture()
    const files = [...corpusFiles('interactivity', '.form'), ...corpusFiles('slash', '.form')]
    expect(files.length).toBeGreaterThan(20)
    for (const { name, bytes } of files) {
      const fields = new URLSearchParams(bytes.toString('utf8'))
      // Outgoing webhooks, long retired, have a trigger word and no command.
      if (fields.has('trigger_word')) continue
      const path = fields.has('payload') ? '/slack/interactivity' : '/slack/commands'
      const before = queue.events.length
      const { status } = await post(new Uint8Array(bytes), { ...form, path })
      expect(`${name} ${status}`).toBe(`${name} 200`)
      if (queue.events.length > before)
        expect(Buffer.from(queue.events.at(-1)?.bytes ?? []).equals(bytes)).toBe(true)
    }
  })
})
