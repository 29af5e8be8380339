import { describe, expect, test } from 'bun:test'
import { type ChangedFile, changeJsonFile, changeTomlFile } from '../../../src/cli/client-file.ts'
import { verifies } from '../../support/verifies.ts'

const change = {
  key: 'mcpServers',
  name: 'slack',
  entry: { command: '/bin/slack', args: ['stdio'] },
  extras: {},
}
const json = (text: string, more = {}) => changeJsonFile(text, { ...change, ...more })
const toml = (text: string, more = {}) =>
  changeTomlFile(text, { ...change, key: 'mcp_servers', ...more }, (source) => Bun.TOML.parse(source))
const textOf = (changed: ChangedFile) => (changed.kind === 'changed' ? changed.text : changed.kind)

describe('a JSON file', () => {
  test('begins where there is none', () => {
    expect(json('')).toEqual({
      kind: 'changed',
      replaces: false,
      text: '{\n  "mcpServers": {\n    "slack": {\n      "command": "/bin/slack",\n      "args": [\n        "stdio"\n      ]\n    }\n  }\n}\n',
    })
    expect(textOf(json('\ufeff {}\n'))).toBe(textOf(json('')))
  })

  test('keeps everything else, in its order and indentation', () => {
    const before =
      '{\n\t"z": 1,\n\t"mcpServers": {\n\t\t"other": {\n\t\t\t"url": "x"\n\t\t}\n\t},\n\t"a": [\n\t\t"é"\n\t]\n}\n'
    const after = textOf(json(before))
    expect(Object.keys(JSON.parse(after))).toEqual(['z', 'mcpServers', 'a'])
    expect(JSON.parse(after)).toEqual({
      ...JSON.parse(before),
      mcpServers: { other: { url: 'x' }, slack: change.entry },
    })
    expect(after).toStartWith('{\n\t"z": 1,\n\t"mcpServers": {\n\t\t"other"')
    expect(json(after)).toEqual({ kind: 'same' })
  })

  test('says where it replaces an entry of the same name', () => {
    expect(json('{"mcpServers":{"slack":{"command":"old"}}}')).toMatchObject({
      kind: 'changed',
      replaces: true,
    })
  })

  test('gets what else belongs into it once', () => {
    const more = { extras: { inputs: [{ id: 'token', type: 'promptString' }] } }
    const after = textOf(json('{"inputs":[{"id":"mine"}]}', more))
    expect(JSON.parse(after).inputs).toEqual([{ id: 'mine' }, { id: 'token', type: 'promptString' }])
    expect(json(after, more)).toEqual({ kind: 'same' })
    // What somebody changed in it stays.
    const edited = after.replace('promptString', 'other')
    expect(json(edited, more)).toEqual({ kind: 'same' })
  })

  verifies('cli:mcp-install:careful', 'that is not understood is refused', () => {
    const reasons = [
      ['{ // mine\n}', 'it holds comments, or is not a JSON object'],
      ['{"a":1,}', 'it holds comments, or is not a JSON object'],
      ['[]', 'it holds comments, or is not a JSON object'],
      ['null', 'it holds comments, or is not a JSON object'],
      ['{"mcpServers":[]}', '"mcpServers" in it is no object'],
      ['{"id": 12345678901234567890}', 'it holds numbers that would not survive being rewritten'],
    ] as const
    for (const [text, reason] of reasons) expect(json(text)).toEqual({ kind: 'refused', reason })
    expect(json('{"inputs":{}}', { extras: { inputs: [{ id: 'x' }] } })).toEqual({
      kind: 'refused',
      reason: '"inputs" in it is no list',
    })
    expect(json('{"id": "1234567890123456"}').kind).toBe('changed')
  })
})

describe('a TOML file', () => {
  test('gets a table at its end, and what is there is not touched', () => {
    expect(textOf(toml(''))).toBe('[mcp_servers.slack]\ncommand = "/bin/slack"\nargs = ["stdio"]\n')
    const before = '# mine\nmodel = "x"\n\n[mcp_servers.other]\nurl = "y"'
    const after = textOf(toml(before))
    expect(after).toBe(`${before}\n\n[mcp_servers.slack]\ncommand = "/bin/slack"\nargs = ["stdio"]\n`)
    expect(toml(after)).toEqual({ kind: 'same' })
  })

  test('holds text that needs quoting', () => {
    const entry = { command: 'C:\\Program Files\\"x"\\é.exe', args: ['a b'] }
    expect(Bun.TOML.parse(textOf(toml('', { entry })))).toEqual({ mcp_servers: { slack: entry } })
  })

  test('that is not understood is refused', () => {
    const reasons = [
      ['a = ', 'it is not TOML'],
      ['[mcp_servers.slack]\ncommand = "old"\n', '[mcp_servers.slack] is there already, with other settings'],
      ['mcp_servers = 1\n', '"mcp_servers" in it is written in a form that nothing can be added to'],
    ] as const
    for (const [text, reason] of reasons) expect(toml(text)).toEqual({ kind: 'refused', reason })
  })
})
