import { expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import { runCommandLine } from '../../support/cli-context.ts'
import { verifies } from '../../support/verifies.ts'

/** An environment that throws when it is looked at: something that no command expects. */
function failing(thrown: unknown): { readonly env: Readonly<Record<string, string>> } {
  const fail = () => {
    throw thrown
  }
  return { env: new Proxy({}, { get: fail }) }
}

verifies('cli:one-line', 'what nobody expected ends as one line without a stack', async () => {
  const { code, stdout, stderr } = await runCommandLine(
    ['config', 'check'],
    failing(new Error('boom\n  at x')),
  )
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: '',
    stderr: 'slack-integrated-server: boom⏎  at x\n',
  })
  expect((await runCommandLine(['config', 'check'], failing('text'))).stderr).toBe(
    'slack-integrated-server: text\n',
  )
})

test('an invalid configuration that shows later has the same exit code', async () => {
  const error = new AppError('CONFIG_INVALID', { details: { option: 'MCP_TOOLS', given: 'x' } })
  expect(await runCommandLine(['config', 'check'], failing(error))).toEqual({
    code: 78,
    stdout: '',
    stderr:
      'slack-integrated-server: The configuration is not valid; option: MCP_TOOLS; given: x. Run "slack-integrated-server config check".\n',
  })
})
