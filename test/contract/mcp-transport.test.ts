import { connectModern, connectSse, connectStdio, connectStreamable } from '../support/mcp-wire-client.ts'
import { mcpTransportContract } from './mcp-transport.ts'

mcpTransportContract('streamable HTTP with sessions', {
  era: 'legacy',
  connect: connectStreamable,
  principalName: 'alice',
})
mcpTransportContract('legacy SSE', { era: 'legacy', connect: connectSse, principalName: 'alice' })
mcpTransportContract('stdio', { era: 'legacy', connect: connectStdio, principalName: 'stdio' })
mcpTransportContract('streamable HTTP without sessions', {
  era: 'modern',
  connect: connectModern,
  principalName: 'alice',
})
