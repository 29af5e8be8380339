/** The MCP clients that can be set up by file. Apart from what is known of each, so that the table of commands need not load it. */
export const mcpClientNames = [
  'claude-code',
  'claude-desktop',
  'cursor',
  'vscode',
  'codex',
  'gemini',
  'copilot',
] as const
export type McpClientName = (typeof mcpClientNames)[number]
