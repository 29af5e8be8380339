import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { queuedEvent } from '../support/queue-events.ts'
import { RedisBench, until } from '../support/redis-bench.ts'
import { describeWithRedis } from '../support/redis-server.ts'
import { verifies } from '../support/verifies.ts'

const root = join(import.meta.dir, '../..')
const linesMax = 15

interface Language {
  readonly name: string
  /** The group that its example makes. */
  readonly group: string
  /** The runtime's command, and how to see that the library is there. */
  readonly runtime: string
  readonly probe: readonly string[]
  readonly installLine: string
  readonly file: string
  readonly wrap?: (code: string) => string
  /** Made first where the language is compiled: what `go run` starts would outlive it. */
  readonly build?: (path: string) => readonly string[]
  readonly command: (path: string) => readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const goPath = '/usr/share/gocode'

const languages: readonly Language[] = [
  {
    name: 'python',
    group: 'python',
    runtime: '/usr/bin/python3',
    probe: ['/usr/bin/python3', '-c', 'import redis'],
    installLine: 'apt-get install python3-redis',
    file: 'consumer.py',
    command: (path) => ['/usr/bin/python3', path],
  },
  {
    name: 'javascript',
    group: 'node',
    runtime: 'node',
    probe: ['node', '--version'],
    installLine: 'apt-get install nodejs',
    file: 'consumer.mjs',
    command: (path) => ['node', path],
  },
  {
    name: 'ruby',
    group: 'ruby',
    runtime: 'ruby',
    probe: ['ruby', '-e', 'require "redis"'],
    installLine: 'apt-get install ruby-redis',
    file: 'consumer.rb',
    command: (path) => ['ruby', path],
  },
  {
    name: 'go',
    group: 'go',
    runtime: 'go',
    probe: ['test', '-d', `${goPath}/src/github.com/gomodule/redigo`],
    installLine: 'apt-get install golang-go golang-github-gomodule-redigo-dev',
    file: 'consumer.go',
    wrap: (code) => `package main

import (
	"fmt"
	"os"

	"github.com/gomodule/redigo/redis"
)

func main() {
${code}
	panic(err)
}
`,
    build: (path) => ['go', 'build', '-o', `${path}.bin`, path],
    command: (path) => [`${path}.bin`],
    env: { GO111MODULE: 'off', GOPATH: goPath, GOFLAGS: '', GOCACHE: join(tmpdir(), 'consumer-go-cache') },
  },
]

async function exampleIn(language: string): Promise<string> {
  const text = await Bun.file(join(root, 'docs/consuming.md')).text()
  const code = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text)?.[1]
  if (code === undefined) throw new Error(`docs/consuming.md has no example in ${language}`)
  return code
}

for (const language of [...languages.map(({ name }) => name), 'java']) {
  test(`the documented ${language} consumer has at most ${linesMax} lines`, async () => {
    expect((await exampleIn(language)).trimEnd().split('\n').length).toBeLessThanOrEqual(linesMax)
  })
}

test.skip('The documented consumers > java: not run (Debian has no client of Redis for Java)', () =>
  undefined)

describeWithRedis('The documented consumers', () => {
  let bench: RedisBench
  let directory: string
  let running: Bun.Subprocess<'ignore', 'pipe', 'pipe'> | undefined

  beforeEach(async () => {
    bench = await RedisBench.open()
    directory = await mkdtemp(join(tmpdir(), 'consumer-'))
    await symlink(join(root, 'node_modules'), join(directory, 'node_modules'))
  })
  afterEach(async () => {
    running?.kill('SIGKILL')
    await running?.exited
    running = undefined
    await bench.close()
    await rm(directory, { recursive: true, force: true })
  })

  for (const language of languages) {
    const isThere = Bun.which(language.runtime) !== null && Bun.spawnSync([...language.probe]).exitCode === 0
    const says = `${language.name}: reads what was published before and after, and acknowledges it`
    if (!isThere) {
      const missing = `${says}: not here (${language.installLine})`
      if (Bun.env['REQUIRE_CONSUMERS'] === '1') test(missing, () => expect.unreachable())
      else test.skip(missing, () => undefined)
      continue
    }
    verifies(
      'queue:redis:consumers',
      says,
      async () => {
        const driver = await bench.startDriver()
        const publish = (id: string) =>
          driver.publish(
            queuedEvent({
              id,
              bytes: new TextEncoder().encode('{"event":{"type":"message","text":"héllo 🎉"}}'),
            }),
          )
        await publish('before')
        const path = join(directory, language.file)
        const example = await exampleIn(language.name)
        await Bun.write(path, language.wrap?.(example) ?? example)
        const env = { ...Bun.env, ...language.env, REDIS_URL: bench.server.url }
        if (language.build !== undefined) {
          const built = Bun.spawnSync([...language.build(path)], { cwd: directory, env })
          if (built.exitCode !== 0) throw new Error(built.stderr.toString())
        }
        const child = Bun.spawn([...language.command(path)], {
          cwd: directory,
          env,
          stdin: 'ignore',
          stdout: 'pipe',
          stderr: 'pipe',
        })
        running = child
        let output = ''
        const reading = (async () => {
          for await (const chunk of child.stdout) output += new TextDecoder().decode(chunk)
        })()
        await until('the first has come', async () => {
          if (child.exitCode !== null) throw new Error(await new Response(child.stderr).text())
          return output.includes('\n')
        })
        await publish('after')
        await until('both are acknowledged', async () =>
          (await driver.groups()).some(({ group, pending }) => group === language.group && pending === 0),
        )
        await until('both are printed', () => output.trimEnd().split('\n').length === 2)
        expect(output).toBe('before message\nafter message\n')
        child.kill('SIGKILL')
        await reading
      },
      60_000,
    )
  }
})
