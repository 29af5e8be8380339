import { neutralise } from '../base/text.ts'
import type { ToolAnswer } from '../mcp/call-tool.ts'

/**
 * A tool's result as a model would read it. It holds what other people wrote, contents of files among it, so nothing in it may steer the terminal,
 * whatever the tool did about that already.
 */
export function renderToolResult({ content }: ToolAnswer['result']): string {
  const blocks: readonly unknown[] = Array.isArray(content) ? content : []
  return blocks.map((block) => `${neutralise(textOf(block))}\n`).join('')
}

function textOf(block: unknown): string {
  if (typeof block !== 'object' || block === null) return ''
  if ('text' in block) return String(block.text)
  const kind = 'type' in block ? String(block.type) : 'block'
  return 'mimeType' in block
    ? `[${kind}, ${String(block.mimeType)}; --json has it]`
    : `[${kind}; --json has it]`
}
