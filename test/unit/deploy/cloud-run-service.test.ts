import { expect, test } from 'bun:test'
import { Service } from '@kubernetes-models/knative/serving.knative.dev/v1/Service'
import { configNotices } from '../../../src/config/config-notices.ts'
import { runCommandLine } from '../../support/cli-context.ts'
import { at, containerEnv, type Node, parseDocuments, renderFile } from '../../support/deploy-files.ts'
import { configOf, load } from '../../support/load-config.ts'
import { verifies } from '../../support/verifies.ts'

const [service] = parseDocuments(renderFile('cloud-run'))
const template = at(service, 'spec', 'template')
const container = at(template, 'spec', 'containers', 0)

function validate(document: Node | undefined): void {
  // cast: the point is to find out whether it is what the model wants
  new Service(document as never).validate()
}

verifies(
  'S46',
  'a Knative service with at most ten instances on 3000; without the signing secret exit 78',
  async () => {
    validate(service)
    expect(at(template, 'metadata', 'annotations', 'autoscaling.knative.dev/maxScale')).toBe('10')
    expect(at(container, 'ports')).toEqual([{ name: 'http1', containerPort: 3000 }])
    const { SLACK_SIGNING_SECRET, ...env } = containerEnv(container)
    expect(SLACK_SIGNING_SECRET).toBeDefined()
    const run = await runCommandLine(['serve'], { env })
    expect([run.code, run.stdout]).toEqual([78, ''])
    expect(run.stderr).toContain('SLACK_SIGNING_SECRET')
  },
)

test('the schema refuses what is not of it', () => {
  const [broken] = parseDocuments(
    renderFile('cloud-run').replace('containerPort: 3000', 'containerPort: http'),
  )
  expect(() => validate(broken)).toThrow('containerPort must be integer')
})

test('its environment starts the server, and gives it nothing to warn of', () => {
  // Cloud Run sets both.
  const env = { ...containerEnv(container), PORT: '3000', K_SERVICE: 'slack' }
  expect(at(container, 'env')).not.toContainEqual(expect.objectContaining({ name: 'PORT' }))
  const loaded = load({ purpose: 'serve', env })
  expect(loaded.problems).toEqual([])
  expect(configNotices(loaded, env).filter(({ level }) => level === 'warn')).toEqual([])
  const config = configOf(loaded)
  expect([config.host, config.mcpSessions, config.queueBackendType]).toEqual([
    '0.0.0.0',
    'stateless',
    'redis',
  ])
  // The platform kills ten seconds after SIGTERM.
  expect(config.serverShutdownSeconds).toBeLessThan(10)
})

test('an instance is always there, and works between requests too', () => {
  const annotations = at(template, 'metadata', 'annotations')
  // Slack waits three seconds for an answer; forwarding and the connection to Redis have no request of their own.
  expect(at(annotations, 'autoscaling.knative.dev/minScale')).toBe('1')
  expect(at(annotations, 'run.googleapis.com/cpu-throttling')).toBe('false')
  expect(at(container, 'livenessProbe', 'httpGet', 'path')).toBe('/livez')
  expect(at(container, 'startupProbe', 'httpGet', 'path')).toBe('/readyz')
})
