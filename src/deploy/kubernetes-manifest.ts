import { containerHost, containerUserId } from './container-facts.ts'
import type { Deployment, Template } from './deployment.ts'
import { defaultOf, envOf, publicUrlSettings, replicaSettings, setting } from './option-setting.ts'
import { envEntries, indented, quoted, secretEntry } from './yaml-text.ts'

const name = 'slack-mcp-integrated'
const secretName = 'slack-secrets'
const replicas = 3

/** Metrics, docs and admin: on a port of their own, which no Service leads to. */
const operatorsPort = 9464

/** How long a pod goes on serving after it was taken out of the Service, so that what is on its way still arrives. */
const leaveSeconds = 5
/** How long a tool call or a stored event may still take at a stop. */
const shutdownSeconds = 30
/** Before the pod is killed whatever it does. */
const graceSeconds = leaveSeconds + shutdownSeconds + 10

/**
 * Several replicas behind a Service without session affinity: MCP keeps no session in a replica, and Redis, which all share, stores each event once.
 * With a public URL an Ingress with TLS comes along, which publishes what Slack and MCP clients need and nothing else.
 */
export const renderKubernetesManifest: Template = (deployment) =>
  [
    header(deployment),
    workload(deployment),
    service(),
    disruptionBudget,
    autoscaler,
    networkPolicy(),
    ...(deployment.publicUrl === undefined ? [] : [ingress(deployment.publicUrl)]),
  ].join('---\n')

function header({ program, publicUrl }: Deployment): string {
  const next =
    publicUrl === undefined
      ? `#   - "${program} generate kubernetes --public-url https://slack.example.com" adds an Ingress with TLS; make the Service ClusterIP then.`
      : '#   - The Ingress below does that; make the Service ClusterIP, so that nothing else leads to the pods.'
  return `# The secrets, once:
#   kubectl create secret generic ${secretName} --from-literal=bot-token=xoxb-… --from-literal=signing-secret=… \\
#     --from-literal=redis-url=redis://redis.example.com:6379/0
#
# Slack delivers events to HTTPS alone, and the Service below is plain HTTP on port 80. TLS has to end before it:
${next}
#   - Or let the load balancer terminate TLS (annotations of your cloud) and serve port 443.
# Then enter https://<host>/slack/events as the Request URL of the Slack app.
`
}

const labels = `app: ${name}`

function workload({ image, publicUrl }: Deployment): string {
  const port = defaultOf('port')
  const settings = [
    setting('host', containerHost),
    setting('port', port),
    setting('adminHost', containerHost),
    setting('adminPort', String(operatorsPort)),
    ...replicaSettings,
    setting('serverShutdownSeconds', String(shutdownSeconds)),
    setting('logFormat', 'json'),
    ...publicUrlSettings(publicUrl),
  ]
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels: { ${labels} }
spec:
  # The autoscaler below sets this from then on: leave it away when you apply the file again.
  replicas: ${replicas}
  revisionHistoryLimit: 5
  strategy:
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }
  selector:
    matchLabels: { ${labels} }
  template:
    metadata:
      labels: { ${labels} }
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: ${quoted(String(operatorsPort))}
        prometheus.io/path: /metrics
    spec:
      # ${leaveSeconds} s in which the pod leaves the Service, ${shutdownSeconds} s to finish what is in flight, 10 s to spare.
      terminationGracePeriodSeconds: ${graceSeconds}
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext:
        runAsNonRoot: true
        runAsUser: ${containerUserId}
        runAsGroup: ${containerUserId}
        seccompProfile: { type: RuntimeDefault }
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: { ${labels} }
      containers:
        - name: server
          image: ${quoted(image)}
          ports:
            - { name: http, containerPort: ${port} }
            # Metrics, docs and admin alone; no Service leads here. "kubectl port-forward" does.
            - { name: operators, containerPort: ${operatorsPort} }
          env:
${indented([...secretEntries(), envEntries(settings)].join('\n'), 12)}
${indented(probes, 10)}
          lifecycle:
            # Without a shell, which the image does not have (Kubernetes 1.30 and later).
            preStop:
              sleep: { seconds: ${leaveSeconds} }
          resources:
            requests: { cpu: 100m, memory: 128Mi }
            # No limit of CPU: it would slow down the three seconds that Slack waits.
            limits: { memory: 256Mi }
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
`
}

function secretEntries(): readonly string[] {
  return [
    secretEntry(setting('slackBotToken', secretName), 'bot-token'),
    secretEntry(setting('slackSigningSecret', secretName), 'signing-secret'),
    secretEntry(setting('redisUrl', secretName), 'redis-url'),
  ]
}

/** None of them asks Slack or Redis: a restart would help neither, and MCP goes on without Redis. */
const probes = `startupProbe:
  httpGet: { path: /readyz, port: http }
  periodSeconds: 2
  failureThreshold: 30
livenessProbe:
  httpGet: { path: /livez, port: http }
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 3
readinessProbe:
  httpGet: { path: /readyz, port: http }
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2`

function service(): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: ${name}
  labels: { ${labels} }
spec:
  # Any replica takes any request: no session affinity is needed. See the note on HTTPS at the top.
  type: LoadBalancer
  sessionAffinity: None
  selector: { ${labels} }
  ports:
    - { name: http, port: 80, targetPort: http }
`
}

const disruptionBudget = `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: ${name}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: { ${labels} }
`

/** By CPU, which every cluster measures; by requests where an adapter brings Prometheus' metrics to Kubernetes. */
const autoscaler = `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: ${name}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: ${name} }
  minReplicas: ${replicas}
  maxReplicas: 10
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: { type: Utilization, averageUtilization: 70 }
    # With an adapter for Prometheus' metrics, also by the requests that each pod is answering:
    # - type: Pods
    #   pods:
    #     metric: { name: http_server_active_requests }
    #     target: { type: AverageValue, averageValue: "50" }
  behavior:
    scaleDown: { stabilizationWindowSeconds: 300 }
`

function networkPolicy(): string {
  return `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: ${name}
spec:
  podSelector:
    matchLabels: { ${labels} }
  policyTypes: [Ingress, Egress]
  ingress:
    # For Slack and clients. Add "from" with your ingress controller to admit nobody else.
    - ports:
        - { protocol: TCP, port: ${defaultOf('port')} }
    # For Prometheus, from any namespace of the cluster and from nowhere else. Name yours to admit nobody else.
    - from:
        - namespaceSelector: {}
      ports:
        - { protocol: TCP, port: ${operatorsPort} }
  egress:
    # Slack's API, and receivers of ${envOf('forwardUrl')}.
    - ports:
        - { protocol: TCP, port: 443 }
    # Redis: the port of ${envOf('redisUrl')}.
    - ports:
        - { protocol: TCP, port: 6379 }
    - ports:
        - { protocol: UDP, port: 53 }
        - { protocol: TCP, port: 53 }
`
}

function ingress(publicUrl: string): string {
  const { hostname } = new URL(publicUrl)
  const paths = ['/slack', defaultOf('mcpMountPath')]
  const rules = paths.map(
    (path) =>
      `- path: ${path}\n  pathType: Prefix\n  backend:\n    service: { name: ${name}, port: { name: http } }`,
  )
  return `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: ${name}
  # Streams of MCP last longer than most controllers wait and buffer; for ingress-nginx:
  # annotations:
  #   nginx.ingress.kubernetes.io/proxy-read-timeout: "3600"
  #   nginx.ingress.kubernetes.io/proxy-buffering: "off"
spec:
  # ingressClassName: nginx
  tls:
    # A secret of type kubernetes.io/tls, from cert-manager for example.
    - hosts: [${quoted(hostname)}]
      secretName: ${name}-tls
  rules:
    - host: ${quoted(hostname)}
      http:
        paths:
${indented(rules.join('\n'), 10)}
`
}
