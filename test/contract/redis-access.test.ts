import { afterEach, expect } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError } from '../../src/base/errors.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import { redisTopicKeys } from '../../src/queue/redis-keys.ts'
import { RedisRecords } from '../../src/queue/redis-records.ts'
import { queuedEvent, topic } from '../support/queue-events.ts'
import { RedisBench, until } from '../support/redis-bench.ts'
import { describeWithRedis, freePort } from '../support/redis-server.ts'
import { verifies } from '../support/verifies.ts'

/** What the documentation tells operators to grant (docs/consuming.md). */
async function documentedRules(): Promise<readonly string[]> {
  const text = await Bun.file(join(import.meta.dir, '../../docs/consuming.md')).text()
  const line = /^ACL SETUSER slack-server (.*)$/m.exec(text)?.[1]
  if (line === undefined) throw new Error('docs/consuming.md shows no ACL SETUSER line')
  return line.split(/\s+/)
}

describeWithRedis('Entering Redis', () => {
  let bench: RedisBench | undefined

  afterEach(async () => {
    await bench?.close()
    bench = undefined
  })

  const open = async (args: readonly string[] = []): Promise<RedisBench> => {
    bench = await RedisBench.open(args)
    return bench
  }

  verifies(
    'queue:redis:rights',
    'a user with the documented rights can do everything, and nothing outside the topic',
    async () => {
      const running = await open()
      const { server } = running
      const rules = (await documentedRules()).map((rule) => (rule.startsWith('>') ? '>secret' : rule))
      await server.command('ACL', 'SETUSER', 'slack-server', ...rules)
      const address = `redis://slack-server:secret@127.0.0.1:${server.port}`
      const driver = await running.startDriver({ address })
      let isBroken = true
      const consumer = running.consume(driver, {
        handle: async () => {
          if (isBroken) throw new Error('no')
        },
        retry: { attemptsMax: 2, firstMs: 1, longestMs: 1 },
      })
      await driver.ping()
      await driver.publish(queuedEvent({ id: 'Ev1' }))
      await until('it is buried', async () => (await driver.depth()).deadLetters === 1)
      isBroken = false
      expect(await driver.replayDeadLetter({ topic, eventId: 'Ev1', group: 'g' })).toBe(true)
      await until('it is handled', async () => (await driver.groups())[0]?.pending === 0)
      expect((await driver.recent('slack.events', 9)).map(({ id }) => id)).toEqual(['Ev1'])
      running.clock.shift(60_000)
      await until('it has tidied up', async () =>
        String(await server.command('INFO', 'commandstats')).includes('cmdstat_xtrim'),
      )
      await consumer.end()
      expect(await driver.removeGroup('slack.events', 'g')).toBe(true)
      const deps = { clock: running.clock, ids: createSystemIds(), log: running.log }
      const records = new RedisRecords({ url: new Secret(address), topic: 'slack.events' }, deps)
      expect(await records.claim('a', 'first', 60_000)).toBeUndefined()
      expect(await records.claim('a', 'second', 60_000)).toBe('first')
      await records.put('a', 'third', 60_000)
      await records.remove('a')
      await records.stop()
      expect(String(await server.command('ACL', 'LOG'))).toBe('')

      const outside = await running.startDriver({ address, keyPrefix: 'other:' })
      await expect(outside.publish(queuedEvent({ id: 'Ev1' }))).rejects.toMatchObject({
        code: 'QUEUE_UNAVAILABLE',
        details: { backend: 'redis', reason: 'forbidden' },
      })
    },
  )

  verifies(
    'queue:redis:problems',
    'a wrong password is told apart from a server that is away, and what answers but is not Redis from both',
    async () => {
      const { server } = await open()
      await server.command('ACL', 'SETUSER', 'bob', 'on', '>right', '~*', '+@all')
      const web = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('hello') })
      const problems: Record<string, string | undefined> = {}
      for (const [name, address] of Object.entries({
        right: `redis://bob:right@127.0.0.1:${server.port}`,
        wrong: `redis://bob:wrong@127.0.0.1:${server.port}`,
        away: `redis://127.0.0.1:${freePort()}`,
        unknown: 'redis://no-such-host.invalid',
        web: `redis://127.0.0.1:${web.port}`,
      })) {
        const driver = await bench?.startDriver({ address })
        problems[name] = driver?.problem?.message
        await driver?.stop()
      }
      await web.stop(true)
      expect(problems).toEqual({
        right: undefined,
        wrong: 'Redis does not accept the user or password of REDIS_URL',
        away: 'Redis cannot be reached (ECONNREFUSED)',
        unknown: expect.stringMatching(/^Redis cannot be reached \((ENOTFOUND|EAI_AGAIN|DNS_\w+)\)$/),
        web: 'What answers at the address of REDIS_URL is not Redis',
      })
      expect(Bun.inspect(bench?.log.lines, { depth: 9 })).not.toMatch(/right@|wrong@/)
    },
  )

  const refusalOf = async (address: string): Promise<AppError> => {
    const thrown = await bench
      ?.createDriver({ address })
      .start()
      .then(
        () => expect.unreachable(),
        (error: unknown) => error,
      )
    if (thrown instanceof AppError) return thrown
    throw thrown
  }

  verifies(
    'queue:redis:wrong-kind',
    'refuses to start with a node of a Cluster, says so, and leaves nothing connected',
    async () => {
      const { server } = await open(['--cluster-enabled', 'yes'])
      const { code, details } = await refusalOf(server.url)
      expect({ code, details }).toEqual({
        code: 'CONFIG_INVALID',
        details: {
          option: 'REDIS_URL',
          reason: 'Redis runs as cluster; name a single server (no Sentinel, no Cluster)',
        },
      })
      await until('nothing is left connected', async () => (await server.clientCount()) === 0)
    },
  )

  verifies('queue:redis:wrong-kind', 'refuses to start with a Sentinel, and says so', async () => {
    const { server } = await open()
    const port = freePort()
    const file = join(server.directory, 'sentinel.conf')
    await Bun.write(file, `port ${port}\ndir ${server.directory}\n`)
    const sentinel = Bun.spawn(['redis-server', file, '--sentinel'], { stdout: 'ignore', stderr: 'ignore' })
    const address = `redis://127.0.0.1:${port}`
    await until('it answers', async () => {
      const probe = await bench?.startDriver({ address }).catch((error: unknown) => error)
      return probe instanceof AppError
    })
    const { code, details } = await refusalOf(address)
    sentinel.kill('SIGKILL')
    await sentinel.exited
    expect({ code, reason: details['reason'] }).toEqual({
      code: 'CONFIG_INVALID',
      reason: 'Redis runs as sentinel; name a single server (no Sentinel, no Cluster)',
    })
  })

  verifies('queue:redis:layout', 'keeps everything of a topic in the hash slot of its stream', async () => {
    const { server } = await open(['--cluster-enabled', 'yes'])
    for (const [prefix, topic] of [
      ['', 'slack.events'],
      ['app:', 'slack.events'],
    ] as const) {
      const { stream, ledger, dead, replays, seen } = redisTopicKeys(prefix, topic)
      const keys = [stream, ledger, dead, `${replays}any group {x}`, `${seen}Ev{1}`]
      const slots = await Promise.all(keys.map((key) => server.command('CLUSTER', 'KEYSLOT', key)))
      expect(new Set(slots).size).toBe(1)
      expect(keys.every((key) => key.startsWith(`${prefix}${topic}`))).toBe(true)
    }
  })

  verifies('queue:redis:problems', 'warns where Redis keeps no log of its changes', async () => {
    await open()
    await bench?.startDriver()
    expect(bench?.log.named('redis_not_durable')).toHaveLength(1)
    const other = await RedisBench.open()
    await other.startDriver()
    expect(other.log.named('redis_not_durable')).toEqual([])
    await other.close()
  })

  verifies(
    'queue:redis:tls',
    'speaks TLS to a server whose authority it knows, and to no other',
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'redis-tls-'))
      await makeCertificates(directory)
      const tlsPort = freePort()
      const { server } = await open([
        ...['--tls-port', String(tlsPort), '--tls-auth-clients', 'no'],
        ...[
          '--tls-cert-file',
          join(directory, 'server.crt'),
          '--tls-key-file',
          join(directory, 'server.key'),
        ],
        ...['--tls-ca-cert-file', join(directory, 'ca.crt')],
      ])
      const tlsCaFile = join(directory, 'ca.crt')
      const otherCa = join(directory, 'other.crt')
      const driver = await bench?.startDriver({ address: `rediss://localhost:${tlsPort}`, tlsCaFile })
      expect(await driver?.publish(queuedEvent({ id: 'Ev1' }))).toBe('stored')
      expect(await server.command('XLEN', 'slack.events')).toBe(1)
      for (const [address, ca] of [
        [`rediss://localhost:${tlsPort}`, undefined],
        [`rediss://localhost:${tlsPort}`, otherCa],
        // The certificate names localhost alone.
        [`rediss://127.0.0.1:${tlsPort}`, tlsCaFile],
        [`rediss://localhost:${server.port}`, tlsCaFile],
      ] as const) {
        const refused = await bench?.startDriver({ address, tlsCaFile: ca })
        expect(refused?.problem?.message).toMatch(
          /^TLS with Redis failed|^Redis cannot be reached|^Redis did not answer in time$/,
        )
        await expect(refused?.ping()).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' })
      }
      // No connection will mend these.
      for (const [file, reason] of [
        ['none.crt', 'the file cannot be read (ENOENT)'],
        ['server.ext', 'the file holds no certificate in PEM form'],
      ] as const) {
        const address = `rediss://localhost:${tlsPort}`
        await expect(bench?.startDriver({ address, tlsCaFile: join(directory, file) })).rejects.toMatchObject(
          { code: 'CONFIG_INVALID', details: { option: 'REDIS_TLS_CA', reason } },
        )
      }
      await rm(directory, { recursive: true })
    },
  )
})

/** An authority, a certificate that it signed for localhost, and another authority. */
async function makeCertificates(directory: string): Promise<void> {
  const script = `
    set -e
    for ca in ca other; do
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $ca.key -out $ca.crt -days 2 -subj /CN=test-$ca
    done
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj /CN=localhost
    printf 'subjectAltName=DNS:localhost' > server.ext
    openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days 2 -extfile server.ext
  `
  const made = Bun.spawn(['sh', '-c', script], { cwd: directory, stdout: 'ignore', stderr: 'pipe' })
  if ((await made.exited) !== 0) throw new Error(await new Response(made.stderr).text())
}
