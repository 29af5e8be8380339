import type { CallContext } from '../mcp/registry.ts'
import { type PermittedTool, requirePermitted } from './read-through.ts'
import type { ToolServices } from './tool-context.ts'

/** MCP takes at most this many values. */
const valuesMax = 100

/** On whose behalf names are told, and by the tool that the value is for: who may not call it hears none. */
export interface Completion {
  readonly tool: PermittedTool
  readonly typed: string
  readonly context: Pick<CallContext, 'principal' | 'signal'>
}

/** Names of channels that begin with what was typed, among those that were seen and that the principal may read. One page of the listing where none was. */
export async function completeChannel(
  services: Pick<ToolServices, 'directory' | 'policy' | 'settings'>,
  { tool, typed, context: { principal, signal } }: Completion,
): Promise<readonly string[]> {
  requirePermitted(tool, principal, services)
  const { directory, policy } = services
  const wanted = typed.replace(/^#/, '').toLowerCase()
  const find = async () => {
    const matching = [...directory.channels.seen()].filter(
      ({ isArchived, name }) => !isArchived && name?.startsWith(wanted) === true,
    )
    const allowed = await policy.allowed(principal, 'read', matching, signal)
    return allowed.map(({ name }) => name).filter((name) => name !== undefined)
  }
  return await completed(find, () => directory.channels.glance(signal))
}

/** Handles that begin with what was typed, among the people who were seen. */
export async function completeUser(
  services: Pick<ToolServices, 'directory' | 'settings'>,
  { tool, typed, context: { principal, signal } }: Completion,
): Promise<readonly string[]> {
  requirePermitted(tool, principal, services)
  const { directory } = services
  const wanted = typed.replace(/^@/, '').toLowerCase()
  const find = async () =>
    [...directory.users.seen()]
      .filter((user) => !user.isDeleted && user.handle.startsWith(wanted))
      .map((user) => user.handle)
  return await completed(find, () => directory.users.glance(signal))
}

async function completed(
  find: () => Promise<readonly string[]>,
  glance: () => Promise<void>,
): Promise<readonly string[]> {
  const known = await find()
  if (known.length === 0) await glance()
  return [...(known.length === 0 ? await find() : known)].sort().slice(0, valuesMax)
}
