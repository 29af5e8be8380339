import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { createDemoWorkspace } from '../../src/demo/workspace.ts'
import { serveDemoWorkspace } from '../../src/demo/workspace-server.ts'
import { startServer } from '../support/binary.ts'

export interface ProductServer extends AsyncDisposable {
  readonly url: string
}

/** The compiled product against an embedded workspace; open on loopback, because the suite cannot send credentials. */
export async function startProduct(): Promise<ProductServer> {
  const workspace = createDemoWorkspace({ clock: createSystemClock(), ids: createSystemIds() })
  const slack = serveDemoWorkspace(workspace)
  const env = { SLACK_BOT_TOKEN: workspace.botToken, SLACK_API_URL: slack.apiUrl, MCP_AUTH: 'none' }
  const { child, port } = await startServer({ env })
  return {
    url: `http://localhost:${port}/mcp`,
    async [Symbol.asyncDispose]() {
      await child[Symbol.asyncDispose]()
      await slack.stop()
    },
  }
}
