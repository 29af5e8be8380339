import type { DemoWorkspace } from './workspace.ts'

export interface WorkspaceServer {
  /** Base URL of the Web API with a trailing slash, as SLACK_API_URL takes it. */
  readonly apiUrl: string
  /** Stops listening and drops open connections. Safe to call twice. */
  stop(): Promise<void>
}

/** Puts a workspace behind a real HTTP endpoint, on loopback alone. Port 0 picks a free one. */
export function serveDemoWorkspace(workspace: DemoWorkspace, port = 0): WorkspaceServer {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port,
    reusePort: false,
    fetch: (request) => workspace.handle(request),
    // A bug in the double must not look like an answer of Slack.
    error: () => new Response('The demo workspace failed.', { status: 500 }),
  })
  return {
    apiUrl: `http://127.0.0.1:${server.port}/api/`,
    async stop() {
      workspace.stop()
      await server.stop(true)
    },
  }
}
