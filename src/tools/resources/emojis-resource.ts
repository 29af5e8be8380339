import type { RegisteredResource } from '../../mcp/registry.ts'
import { readEmojis, viewEmojis } from '../emoji/read-emojis.ts'
import { requirePermitted } from '../read-through.ts'
import { withHint } from '../slack-call.ts'
import type { ToolServices } from '../tool-context.ts'

export const emojisUri = 'slack://emojis'

/** The custom emoji of the workspace, whole, as JSON. */
export function createEmojisResource(services: ToolServices): RegisteredResource {
  return {
    uri: emojisUri,
    name: 'emojis',
    title: 'Custom emoji',
    description: 'The custom emoji of the workspace: names, image addresses, aliases.',
    mimeType: 'application/json',
    async read({ principal, signal }) {
      requirePermitted(readEmojis, principal, services)
      try {
        const emoji = viewEmojis(await services.emoji.all(signal))
        return { uri: emojisUri, mimeType: 'application/json', text: JSON.stringify({ emoji }) }
      } catch (error) {
        throw withHint(error)
      }
    },
  }
}
