import { createEmulator } from 'emulate'

export interface EmulatedSlack {
  /** Base URL of the Web API. */
  readonly apiUrl: string
  readonly botToken: string
  /** Posts as a person. */
  readonly personToken: string
  close(): Promise<void>
}

const botToken = 'xoxb-emulated-bot'
const personToken = 'xoxp-emulated-person'
const bot = { app_id: 'A000000001', bot_id: 'B000000001', bot_user_id: 'U00000B0T1' }

/**
 * An independent Slack on loopback (emulate 0.12.2): stateful, 57 methods, scopes checked as Slack does. It never limits and never fails, FaultSlack
 * does that; where it answers otherwise than Slack, the test that meets it says so.
 */
export async function startEmulatedSlack(scopes: readonly string[]): Promise<EmulatedSlack> {
  const app = {
    ...{ client_id: '1.1', client_secret: 'not-used', name: 'Helper', bot_name: 'helper' },
    ...{ redirect_uris: ['https://helper.example/'], scopes: [...scopes], user_scopes: [] },
    ...bot,
  }
  const emulator = await createEmulator({
    service: 'slack',
    port: 0,
    seed: {
      slack: {
        team: { name: 'Acme', domain: 'acme' },
        users: [{ name: 'ada', real_name: 'Ada Lovelace', email: 'ada@acme.example' }],
        channels: [{ name: 'release', topic: 'Ship it' }],
        oauth_apps: [app],
        tokens: [
          { token: botToken, user: bot.bot_user_id, type: 'bot', scopes: [...scopes], ...bot },
          { token: personToken, user: 'ada', scopes: [...scopes] },
        ],
        strict_scopes: true,
      },
    },
  })
  return { apiUrl: `${emulator.url}/api/`, botToken, personToken, close: () => emulator.close() }
}
