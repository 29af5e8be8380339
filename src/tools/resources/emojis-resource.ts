import type { RegisteredResource } from '../../mcp/registry.ts'
import { viewEmoji } from '../emoji/read-emojis.ts'
import type { ToolServices } from '../tool-context.ts'

const uri = 'slack://emojis'

/** The custom emoji of the workspace, whole, as JSON. */
export function createEmojisResource({ emoji }: Pick<ToolServices, 'emoji'>): RegisteredResource {
  return {
    uri,
    name: 'emojis',
    title: 'Custom emoji',
    description: 'The custom emoji of the workspace: names, image addresses, aliases.',
    mimeType: 'application/json',
    async read({ signal }) {
      const all = [...(await emoji.all(signal))].map(([name, target]) => viewEmoji(name, target))
      return { uri, mimeType: 'application/json', text: JSON.stringify({ emoji: all }) }
    },
  }
}
