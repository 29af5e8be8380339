import { createIntegratedApp, type IntegratedApp } from '../../src/app.ts'
import type { IntegratedAppOptions } from '../../src/app-options.ts'
import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import { acceptedMcpTokens } from '../../src/config/accepted-tokens.ts'
import { createDemoWorkspace, type DemoWorkspace } from '../../src/demo/workspace.ts'
import { signBody } from '../../src/slack/signature.ts'
import { signingSecret } from './http-fixture.ts'
import { RecordingLogger } from './recording-logger.ts'

export interface AppFixture extends IntegratedApp {
  readonly workspace: DemoWorkspace
  readonly log: RecordingLogger
  /** The derived bearer token. */
  readonly bearer: string
  /** One request without a port. */
  request(path: string, init?: RequestInit): Promise<Response>
  /** The same with the bearer token and a JSON body. */
  authorized(path: string, body?: unknown, init?: RequestInit): Promise<Response>
  /** A signed event of the inner event. */
  event(id: string, inner: object): Promise<Response>
}

/**
 * The whole server over the embedded workspace: real client, real pipeline, no socket. Stop it at the end of the test. `prepare` gets it before it
 * is started.
 */
export async function startApp(
  options: IntegratedAppOptions = {},
  prepare: (server: IntegratedApp) => void = () => undefined,
): Promise<AppFixture> {
  const clock = createSystemClock()
  const workspace = createDemoWorkspace({ clock, ids: createSystemIds() })
  const log = new RecordingLogger()
  const server = createIntegratedApp({
    token: workspace.botToken,
    signingSecret,
    logger: log,
    fetch: (url, init) => workspace.handle(new Request(url, init)),
    ...options,
    config: { slackApiUrl: 'http://127.0.0.1:1/api/', ...options.config },
  })
  prepare(server)
  await server.start()
  const [accepted] = acceptedMcpTokens({
    mcpAuthTokens: [],
    mcpTokens: [],
    slackSigningSecret: [new Secret(signingSecret)],
    slackBotToken: undefined,
  })
  const bearer = accepted?.token.reveal() ?? ''
  const request = (path: string, init?: RequestInit) =>
    server.app.handle(new Request(`http://localhost${path}`, init))
  return {
    ...server,
    workspace,
    log,
    bearer,
    request,
    authorized: (path, body, init = {}) =>
      request(path, {
        method: body === undefined ? 'GET' : 'POST',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...init,
        headers: {
          authorization: `Bearer ${bearer}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          ...init.headers,
        },
      }),
    event(id, inner) {
      const body = JSON.stringify({
        type: 'event_callback',
        event_id: id,
        team_id: workspace.teamId,
        event: inner,
      })
      const timestamp = Math.floor(clock.now() / 1000)
      return request('/slack/events', {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          'x-slack-request-timestamp': String(timestamp),
          'x-slack-signature': signBody(signingSecret, timestamp, body),
        },
      })
    },
  }
}
