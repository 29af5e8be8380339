/** How one AI client is told of a server. */
export interface ClientSnippet {
  readonly client: string
  /** Where the text goes. */
  readonly place: string
  /** To be pasted as it is. */
  readonly text: string
}

export interface ClientSnippetOptions {
  /** What the client calls the server. */
  readonly name: string
  /** Streamable HTTP. */
  readonly url: string
  readonly token: string
}

/** The configuration of the clients that most people have, bearer token included. */
export function clientSnippets({ name, url, token }: ClientSnippetOptions): readonly ClientSnippet[] {
  const headers = { Authorization: `Bearer ${token}` }
  return [
    {
      client: 'Claude Code',
      place: 'in a terminal',
      text: `claude mcp add --transport http ${name} ${url} --header "Authorization: Bearer ${token}"`,
    },
    {
      client: 'Cursor',
      place: '.cursor/mcp.json',
      text: JSON.stringify({ mcpServers: { [name]: { url, headers } } }),
    },
    {
      client: 'VS Code',
      place: '.vscode/mcp.json',
      text: JSON.stringify({ servers: { [name]: { type: 'http', url, headers } } }),
    },
  ]
}
