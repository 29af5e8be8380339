import { Database } from 'bun:sqlite'
import { afterEach, beforeEach, describe, expect } from 'bun:test'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { schemaVersion } from '../../src/queue/sqlite-schema.ts'
import { runBinary, startServer, testCredentials } from '../support/binary.ts'
import { verifies } from '../support/verifies.ts'

/** F17: with every backend and every fault of its directory the compiled server starts as promised, or says why not and changes nothing. */

let stateDir: string
const queueFolder = () => join(stateDir, 'queue')
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'sis-state-'))
})
afterEach(() => rmSync(stateDir, { recursive: true, force: true }))

/** Nothing listens there: a server in front of a Redis that is away starts all the same. */
const redisUrl = 'redis://127.0.0.1:9'

/** The two that write to the directory. */
const writers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  sqlite: { QUEUE_BACKEND_TYPE: 'sqlite' },
  spool: { QUEUE_BACKEND_TYPE: 'redis', REDIS_URL: redisUrl },
}

interface Fault {
  /** Brings it about and returns the names that `stateDir` then holds. */
  readonly prepare: () => readonly string[]
  /** What the one line says. */
  readonly says: string
}

/** Every file of ours, sorted. */
const ownNames = ['events.db', 'events.db-shm', 'events.db-wal', 'lock.db', 'lock.db-journal', 'server.pid']

/** Who another user is; only root can give a file away. */
const strangerId = 12_345
const isRoot = userInfo().uid === 0

const faults: Readonly<Record<string, Fault>> = {
  'is not there': {
    prepare() {
      rmSync(stateDir, { recursive: true })
      return []
    },
    says: 'fault: missing',
  },
  'is a file': {
    prepare() {
      rmSync(stateDir, { recursive: true })
      writeFileSync(stateDir, '')
      return []
    },
    says: 'fault: not_a_directory',
  },
  'holds a file where our folder belongs': {
    prepare() {
      writeFileSync(queueFolder(), '')
      return ['queue']
    },
    says: 'fault: not_a_directory',
  },
  'holds a link where our folder belongs': {
    prepare() {
      mkdirSync(join(stateDir, 'elsewhere'))
      symlinkSync(join(stateDir, 'elsewhere'), queueFolder())
      return ['elsewhere', 'queue']
    },
    says: 'fault: symlink',
  },
  ...Object.fromEntries(
    ownNames.map((name) => [
      `holds a link where our ${name} belongs`,
      {
        prepare() {
          writeFileSync(join(stateDir, 'precious'), 'precious')
          mkdirSync(queueFolder())
          symlinkSync(join(stateDir, 'precious'), join(queueFolder(), name))
          return ['precious', 'queue', `queue/${name}`]
        },
        says: 'fault: symlink',
      },
    ]),
  ),
  ...(isRoot
    ? {
        'holds a folder of somebody else': {
          prepare() {
            mkdirSync(queueFolder())
            chownSync(queueFolder(), strangerId, strangerId)
            return ['queue']
          },
          says: 'fault: other_owner',
        },
        'holds a file of somebody else': {
          prepare() {
            mkdirSync(queueFolder())
            writeFileSync(join(queueFolder(), 'events.db'), '')
            chownSync(join(queueFolder(), 'events.db'), strangerId, strangerId)
            return ['queue', 'queue/events.db']
          },
          says: 'fault: other_owner',
        },
      }
    : {}),
}

const namesIn = (path: string) =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory()
    ? readdirSync(path, { recursive: true }).sort()
    : []

const start = (env: Readonly<Record<string, string>>) =>
  runBinary({ env: { ...testCredentials, PORT: '0', STATE_DIR: stateDir, ...env } })

for (const [writer, env] of Object.entries(writers)) {
  describe(`F17: ${writer} does not start where the state directory`, () => {
    for (const [what, { prepare, says }] of Object.entries(faults)) {
      verifies('e2e:state-directory', what, async () => {
        const names = prepare()
        const run = await start(env)
        expect(run.stderr).toMatch(/^slack-integrated-server: the server cannot start: [^\n]+\n$/)
        expect(run.stderr).toContain(says)
        expect(run.stderr).toContain('STATE_DIR')
        expect([run.exitCode, run.stdout, namesIn(stateDir)]).toEqual([78, '', [...names]])
      })
    }

    verifies('e2e:state-directory', 'was written by a newer release', async () => {
      const first = await startServer({ env: { STATE_DIR: stateDir, ...env } })
      {
        await using child = first.child
        expect(await child.stop()).toBe(0)
      }
      const db = new Database(join(queueFolder(), 'events.db'))
      db.run(`PRAGMA user_version = ${schemaVersion + 1}`)
      db.close()
      const run = await start(env)
      expect(run.stderr).toContain(`schema_version: ${schemaVersion + 1}; fault: newer_schema`)
      expect([run.exitCode, run.stdout]).toEqual([78, ''])
    })

    for (const [holder, holderEnv] of Object.entries(writers)) {
      verifies('e2e:state-directory', `is held by another server with ${holder}`, async () => {
        const first = await startServer({ env: { STATE_DIR: stateDir, ...holderEnv } })
        await using child = first.child
        const run = await start(env)
        expect(run.stderr).toContain(`pid: ${child.pid}`)
        expect([run.exitCode, run.stdout]).toEqual([78, ''])
        expect((await fetch(`${first.url}/livez`)).status).toBe(200)
      })
    }
  })

  verifies(
    'e2e:state-directory',
    `F17: ${writer} keeps what it has to itself, whatever the umask`,
    async () => {
      chmodSync(stateDir, 0o777)
      const server = await startServer({ env: { STATE_DIR: stateDir, ...env } })
      await using child = server.child
      const modeOf = (name: string) => (statSync(join(queueFolder(), name)).mode & 0o777).toString(8)
      expect(modeOf('.')).toBe('700')
      const names = readdirSync(queueFolder()).sort()
      expect(names).toEqual(ownNames)
      expect(names.map(modeOf)).toEqual(names.map(() => '600'))
      expect(await child.stop()).toBe(0)
    },
  )
}

verifies('e2e:state-directory', 'F17: sqlite asks for a directory and guesses none', async () => {
  const run = await start({ QUEUE_BACKEND_TYPE: 'sqlite', STATE_DIR: '' })
  expect(run.stderr).toContain(
    'STATE_DIR (--state-dir, [server] state_dir): is required by the sqlite backend',
  )
  expect([run.exitCode, run.stdout, namesIn(stateDir)]).toEqual([78, '', []])
})

const starters: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'redis without a directory, which is direct': { ...writers['spool'], STATE_DIR: '' },
  'memory, which writes nothing, with one that is not there': { STATE_DIR: '/nowhere' },
  'memory with one that is there': {},
}

for (const [what, env] of Object.entries(starters)) {
  verifies('e2e:state-directory', `F17: starts: ${what}`, async () => {
    const server = await startServer({ env: { STATE_DIR: stateDir, ...env } })
    await using child = server.child
    expect((await fetch(`${server.url}/livez`)).status).toBe(200)
    expect(await child.stop()).toBe(0)
    expect([namesIn(stateDir), readdirSync(child.cwd)]).toEqual([[], []])
  })
}
