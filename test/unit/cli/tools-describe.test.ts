import { expect, test } from 'bun:test'
import { toolTable } from '../../../src/tools/tool-table.ts'
import { runCommandLine } from '../../support/cli-context.ts'
import { verifies } from '../../support/verifies.ts'

verifies(
  'cli:tools-describe',
  'says what a tool does, takes and needs, with a line that calls it',
  async () => {
    const { code, stdout } = await runCommandLine(['tools', 'describe', 'slack_add_reactions'])
    expect(code).toBe(0)
    expect(stdout).toStartWith('slack_add_reactions: Add reactions\n  Add emoji reactions to a message.\n')
    expect(stdout).toContain('\n  Scopes   reactions:write (bot token)\n')
    expect(stdout).toMatch(/\n {2}channel {4}text, required; #name, @user, id or link\n/)
    expect(stdout).toMatch(/\n {2}emojis {5}list of text, required/)
    expect(stdout).toEndWith(
      "  slack-integrated-server tools call slack_add_reactions channel='#general' timestamp=1712345678.000100 emojis=tada\n",
    )
  },
)

test('every tool has a description that fits 100 columns but for its example', async () => {
  for (const { name } of toolTable) {
    const { code, stdout } = await runCommandLine(['tools', 'describe', name])
    expect(code).toBe(0)
    const lines = stdout.split('\n').filter((line) => !line.includes('tools call'))
    expect(lines.filter((line) => line.length > 100)).toEqual([])
    expect(stdout).not.toContain('anything')
  }
})

test('prints for programs what clients are told', async () => {
  const { stdout } = await runCommandLine(['tools', 'describe', 'slack_post_message', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({
    name: 'slack_post_message',
    effect: 'write',
    scopes: ['chat:write'],
    inputSchema: { type: 'object', additionalProperties: false },
  })
})

test('knows the nearest name', async () => {
  const refused = async (...argv: readonly string[]) => {
    const { code, stderr } = await runCommandLine(['tools', 'describe', ...argv])
    return [code, stderr.replace('slack-integrated-server: ', '')]
  }
  const near = 'there is no such tool; did you mean slack_post_message?\n'
  expect(await refused('slack_post_mesage')).toEqual([2, near])
  expect(await refused('post_message')).toEqual([2, near])
  expect(await refused('x')).toEqual([
    2,
    'there is no such tool; "slack-integrated-server tools list --toolsets all" has the names\n',
  ])
  expect((await refused())[1]).toStartWith('which tool?')
  expect((await refused('a', 'b'))[0]).toBe(2)
})
