import { expect, test } from 'bun:test'
import { clientSnippets } from '../../../src/cli/client-snippets.ts'
import { createTerminalStyle } from '../../../src/cli/terminal-style.ts'

const options = { name: 'slack-demo', url: 'http://127.0.0.1:3000/mcp', token: 'secret-token' }

test('each client gets what it can paste: a command, or a file as JSON', () => {
  const [claude, cursor, code] = clientSnippets(options)
  expect(claude?.text).toBe(
    'claude mcp add --transport http slack-demo http://127.0.0.1:3000/mcp --header "Authorization: Bearer secret-token"',
  )
  expect([cursor?.place, JSON.parse(cursor?.text ?? '')]).toEqual([
    '.cursor/mcp.json',
    {
      mcpServers: {
        'slack-demo': { url: options.url, headers: { Authorization: 'Bearer secret-token' } },
      },
    },
  ])
  expect([code?.place, JSON.parse(code?.text ?? '')]).toEqual([
    '.vscode/mcp.json',
    {
      servers: {
        'slack-demo': { type: 'http', url: options.url, headers: { Authorization: 'Bearer secret-token' } },
      },
    },
  ])
})

test('text is emphasised on a terminal that takes it, and plain everywhere else', () => {
  const bold = (isTerminal: boolean, env: Readonly<Record<string, string>>) =>
    createTerminalStyle({ stdout: { isTerminal, columns: 80, write: () => undefined }, env }).bold('x')
  expect(bold(true, {})).toBe('\u001b[1mx\u001b[0m')
  expect(bold(true, { NO_COLOR: '' })).toBe('\u001b[1mx\u001b[0m')
  expect([bold(false, {}), bold(true, { NO_COLOR: '1' }), bold(true, { TERM: 'dumb' })]).toEqual([
    'x',
    'x',
    'x',
  ])
})
