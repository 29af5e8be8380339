import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { createDemoWorkspace, type DemoWorkspace } from '../../src/demo/workspace.ts'
import { serveDemoWorkspace, type WorkspaceServer } from '../../src/demo/workspace-server.ts'
import { verifies } from '../support/verifies.ts'

/** `init` in a process of its own, on a pseudo-terminal, with a demo workspace for Slack. */

const main = new URL('../../src/main.ts', import.meta.url).pathname
let home: string
let workspace: DemoWorkspace
let server: WorkspaceServer

beforeAll(() => {
  workspace = createDemoWorkspace({ clock: createSystemClock(), ids: createSystemIds() })
  server = serveDemoWorkspace(workspace)
})
afterAll(() => server.stop())

// A home of its own for each: `init` asks otherwise where there is a configuration already.
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'init-'))
})
afterEach(() => rmSync(home, { recursive: true }))

/** Answers each question once it stands on the screen: pairs of what to wait for and what to type. */
async function play(script: readonly (readonly [question: string, typed: string])[]) {
  let screen = ''
  let seenTo = 0
  const rest = [...script]
  // One for all the pieces: a terminal may cut a piece within a character.
  const decoder = new TextDecoder()
  const child = Bun.spawn([process.execPath, main, 'init'], {
    env: { HOME: home, SLACK_API_URL: server.apiUrl, PATH: process.env['PATH'] ?? '' },
    terminal: {
      cols: 120,
      rows: 40,
      data(terminal, bytes) {
        screen += decoder.decode(bytes, { stream: true })
        const [question, typed] = rest[0] ?? []
        if (question === undefined || typed === undefined) return
        const at = screen.indexOf(question, seenTo)
        if (at < 0) return
        seenTo = at + question.length
        rest.shift()
        terminal.write(typed)
      },
    },
  })
  const code = await child.exited
  child.terminal?.close()
  return { code, screen, unasked: rest.length }
}

const path = () => join(home, '.config/slack-integrated-server/config.toml')

verifies(
  'cli:init:terminal',
  'Ctrl-C at any question ends it with 130, asks no other, and writes nothing',
  async () => {
    const dialogue = [
      ['change things in Slack? [y/N]', 'y\r'],
      ['MCP alone):', 'https://slack.example.com\r'],
      ['xoxb-…):', `${workspace.botToken}\r`],
      ['Enter: none):', '\r'],
      ['Credentials):', ''],
    ] as const
    for (const [at, [question]] of dialogue.entries()) {
      const { code, screen } = await play([...dialogue.slice(0, at), [question, '\u0003']])
      const asked = dialogue.filter(([other]) => screen.includes(other))
      expect([code, asked]).toEqual([130, dialogue.slice(0, at + 1)])
      expect(screen.trimEnd()).toEndWith('Nothing was written.')
      expect(() => statSync(path())).toThrow('ENOENT')
    }
  },
  60_000,
)

verifies(
  'cli:init:terminal',
  'asks, shows no secret, and saves what only its owner can read',
  async () => {
    const { code, screen, unasked } = await play([
      ['[y/N]', 'n\r'],
      ['MCP alone):', '\r'],
      ['xoxb-…):', `${workspace.botToken}\r`],
      ['Enter: none):', '\r'],
    ])
    expect([code, unasked]).toEqual([0, 0])
    expect(screen).toContain('ok  Tidemark')
    expect(screen).not.toContain(workspace.botToken)
    expect(readFileSync(path(), 'utf8')).toContain(`bot_token = "${workspace.botToken}"`)
    expect(statSync(path()).mode & 0o777).toBe(0o600)
  },
  30_000,
)
