import { describe, expect, test } from 'bun:test'
import { Deployment } from 'kubernetes-models/apps/v1'
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2'
import { Ingress, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { Service } from 'kubernetes-models/v1'
import { configNotices } from '../../../src/config/config-notices.ts'
import {
  at,
  containerEnv,
  documentOf,
  type Node,
  parseDocuments,
  renderFile,
} from '../../support/deploy-files.ts'
import { configOf, load } from '../../support/load-config.ts'
import { verifies } from '../../support/verifies.ts'

const publicUrl = 'https://slack.example.com'
const documents = parseDocuments(renderFile('kubernetes', publicUrl))
const podSpec = at(documentOf(documents, 'Deployment'), 'spec', 'template', 'spec')
const container = at(podSpec, 'containers', 0)

const models: Readonly<Record<string, new (document: never) => { validate(): void }>> = {
  Deployment,
  Service,
  PodDisruptionBudget,
  HorizontalPodAutoscaler,
  NetworkPolicy,
  Ingress,
}

function validate(document: Node): void {
  const Model = models[String(at(document, 'kind'))]
  if (Model === undefined) throw new Error(`No schema for ${at(document, 'kind')}`)
  // cast: the point is to find out whether it is what the model wants
  new Model(document as never).validate()
}

test('every object is what the schema of its kind wants', () => {
  expect(documents.map((document) => at(document, 'kind'))).toEqual(Object.keys(models))
  for (const document of documents) validate(document)
  const broken = Bun.YAML.parse(
    renderFile('kubernetes').replace('replicas: 3', 'replicas: three'),
  ) as readonly Node[]
  expect(() => validate(documentOf(broken, 'Deployment'))).toThrow('replicas must be integer')
})

verifies(
  'S43',
  'a Deployment of three replicas with the label, port and secrets of the specification',
  () => {
    const deployment = documentOf(documents, 'Deployment')
    expect(at(deployment, 'spec', 'replicas')).toBe(3)
    const labels = { app: 'slack-mcp-integrated' }
    expect(at(deployment, 'spec', 'selector', 'matchLabels')).toEqual(labels)
    expect(at(deployment, 'spec', 'template', 'metadata', 'labels')).toEqual(labels)
    expect(at(container, 'ports', 0)).toEqual({ name: 'http', containerPort: 3000 })
    const secret = (name: string, key: string) => ({
      name,
      valueFrom: { secretKeyRef: { name: 'slack-secrets', key } },
    })
    expect(at(container, 'env')).toEqual(
      expect.arrayContaining([
        secret('SLACK_BOT_TOKEN', 'bot-token'),
        secret('SLACK_SIGNING_SECRET', 'signing-secret'),
      ]),
    )
  },
)

verifies(
  'S44',
  'a load balancer from 80 to 3000 without affinity, before replicas that share what they must',
  () => {
    const service = documentOf(documents, 'Service')
    expect(at(service, 'spec', 'type')).toBe('LoadBalancer')
    expect(at(service, 'spec', 'sessionAffinity')).toBe('None')
    expect(at(service, 'spec', 'ports')).toEqual([{ name: 'http', port: 80, targetPort: 'http' }])
    expect(at(service, 'spec', 'selector')).toEqual({ app: 'slack-mcp-integrated' })
    const config = configOf(load({ purpose: 'serve', env: containerEnv(container) }))
    expect([config.mcpSessions, config.queueBackendType, config.host]).toEqual([
      'stateless',
      'redis',
      '0.0.0.0',
    ])
  },
)

test('its environment starts the server, and gives it nothing to warn of', () => {
  const env = containerEnv(container)
  const loaded = load({ purpose: 'serve', env })
  expect(loaded.problems).toEqual([])
  const notices = configNotices(loaded, { ...env, KUBERNETES_SERVICE_HOST: '10.0.0.1' })
  expect(notices.filter(({ level }) => level === 'warn')).toEqual([])
  expect(configOf(loaded).publicUrl).toBe(publicUrl)
})

test('a pod has the time it needs to stop', () => {
  const { serverShutdownSeconds } = configOf(load({ purpose: 'serve', env: containerEnv(container) }))
  const leaveSeconds = Number(at(container, 'lifecycle', 'preStop', 'sleep', 'seconds'))
  expect(Number(at(podSpec, 'terminationGracePeriodSeconds'))).toBeGreaterThan(
    leaveSeconds + serverShutdownSeconds,
  )
})

test('a pod is restarted for what is wrong with itself alone, and left out while it starts or stops', () => {
  const pathOf = (probe: string) => at(container, probe, 'httpGet', 'path')
  // /health asks Slack and Redis too: an outage of theirs would restart every pod.
  expect(['livenessProbe', 'readinessProbe', 'startupProbe'].map(pathOf)).toEqual([
    '/livez',
    '/readyz',
    '/readyz',
  ])
  expect(at(container, 'resources', 'limits', 'memory')).toBe('256Mi')
})

test('what one object says of another is there', () => {
  const nameOf = (kind: string) => String(at(documentOf(documents, kind), 'metadata', 'name'))
  const specOf = (kind: string) => at(documentOf(documents, kind), 'spec')
  const labels = at(specOf('Deployment'), 'template', 'metadata', 'labels')
  expect(at(specOf('Service'), 'selector')).toEqual(labels)
  expect(at(specOf('PodDisruptionBudget'), 'selector', 'matchLabels')).toEqual(labels)
  expect(at(specOf('NetworkPolicy'), 'podSelector', 'matchLabels')).toEqual(labels)
  expect(at(specOf('HorizontalPodAutoscaler'), 'scaleTargetRef')).toEqual({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: nameOf('Deployment'),
  })
  expect(at(specOf('Service'), 'ports', 0, 'targetPort')).toBe(at(container, 'ports', 0, 'name'))
  for (const path of at(specOf('Ingress'), 'rules', 0, 'http', 'paths') as readonly Node[]) {
    const port = { name: String(at(specOf('Service'), 'ports', 0, 'name')) }
    expect(at(path, 'backend', 'service')).toEqual({ name: nameOf('Service'), port })
  }
  // A drained node takes one pod at a time, and never the last.
  expect(at(specOf('PodDisruptionBudget'), 'maxUnavailable')).toBe(1)
  expect(at(specOf('HorizontalPodAutoscaler'), 'minReplicas')).toBe(at(specOf('Deployment'), 'replicas'))
})

test('a pod may do nothing that the server does not need', () => {
  expect(at(container, 'securityContext')).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  expect(at(podSpec, 'securityContext')).toEqual({
    runAsNonRoot: true,
    runAsUser: 65_532,
    runAsGroup: 65_532,
    seccompProfile: { type: 'RuntimeDefault' },
  })
  expect(at(podSpec, 'automountServiceAccountToken')).toBe(false)
})

test('metrics, docs and admin are on a port that is scraped, and that nothing outside of the cluster reaches', () => {
  const { adminPort, adminHost } = configOf(load({ purpose: 'serve', env: containerEnv(container) }))
  expect(adminHost).toBe('0.0.0.0')
  expect(at(container, 'ports', 1)).toEqual({ name: 'operators', containerPort: Number(adminPort) })
  const template = at(documentOf(documents, 'Deployment'), 'spec', 'template')
  expect(at(template, 'metadata', 'annotations', 'prometheus.io/port')).toBe(String(adminPort))
  for (const kind of ['Service', 'Ingress'])
    expect(JSON.stringify(documentOf(documents, kind))).not.toMatch(new RegExp(`operators|${adminPort}`))
})

verifies(
  'S89',
  'the firewall admits the one port and scrapers, and lets out to Slack, Redis and DNS alone',
  () => {
    const { ingress, egress, policyTypes } = at(documentOf(documents, 'NetworkPolicy'), 'spec') as Record<
      string,
      Node
    >
    expect(policyTypes).toEqual(['Ingress', 'Egress'])
    expect(ingress).toEqual([
      { ports: [{ protocol: 'TCP', port: 3000 }] },
      { from: [{ namespaceSelector: {} }], ports: [{ protocol: 'TCP', port: 9464 }] },
    ])
    const out = (egress as readonly Node[]).flatMap((rule) => at(rule, 'ports') as readonly Node[])
    expect(out.map((port) => `${at(port, 'protocol')} ${at(port, 'port')}`)).toEqual([
      'TCP 443',
      'TCP 6379',
      'UDP 53',
      'TCP 53',
    ])
  },
)

describe('the Ingress', () => {
  test('ends TLS and publishes what Slack and MCP clients need, and nothing else', () => {
    const spec = at(documentOf(documents, 'Ingress'), 'spec')
    expect(at(spec, 'tls')).toEqual([
      { hosts: ['slack.example.com'], secretName: 'slack-mcp-integrated-tls' },
    ])
    const paths = at(spec, 'rules', 0, 'http', 'paths') as readonly Node[]
    expect(paths.map((path) => at(path, 'path'))).toEqual(['/slack', '/mcp'])
  })

  test('comes with a public URL only; without one the file says what HTTPS needs', () => {
    const text = renderFile('kubernetes')
    expect(parseDocuments(text).map((document) => at(document, 'kind'))).not.toContain('Ingress')
    expect(text).toContain('Slack delivers events to HTTPS alone')
    expect(text).toContain('--public-url')
  })
})
