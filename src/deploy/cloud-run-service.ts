import { containerHost } from './container-facts.ts'
import type { Template } from './deployment.ts'
import { defaultOf, envOf, publicUrlSettings, replicaSettings, setting } from './option-setting.ts'
import { envEntries, indented, quoted, secretEntry } from './yaml-text.ts'

const name = 'slack-mcp-integrated'
const instancesMax = 10

/** Cloud Run kills an instance ten seconds after SIGTERM. */
const shutdownSeconds = 8

/** Up to ten instances that share a Redis; the platform ends TLS. */
export const renderCloudRunService: Template = ({ image, publicUrl }) => {
  const port = defaultOf('port')
  const settings = [
    setting('host', containerHost),
    ...replicaSettings,
    setting('serverShutdownSeconds', String(shutdownSeconds)),
    setting('logFormat', 'json'),
    ...publicUrlSettings(publicUrl),
  ]
  const secrets = [
    secretEntry(setting('slackBotToken', 'slack-bot-token'), 'latest'),
    // Without it the server ends with exit code 78 and says so: nobody could tell Slack from others.
    secretEntry(setting('slackSigningSecret', 'slack-signing-secret'), 'latest'),
    secretEntry(setting('redisUrl', 'redis-url'), 'latest'),
  ]
  return `# The secrets, once; each asks for its value on standard input:
#   for secret in slack-bot-token slack-signing-secret redis-url; do gcloud secrets create $secret --data-file=-; done
# Then, and again after each change:
#   gcloud run services replace cloud-run.yaml --region REGION
# Slack and MCP clients cannot sign in with Google; the server checks signatures and bearer tokens itself:
#   gcloud run services add-iam-policy-binding ${name} --region REGION --member allUsers --role roles/run.invoker
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: ${name}
  annotations:
    run.googleapis.com/ingress: all
spec:
  template:
    metadata:
      annotations:
        autoscaling.knative.dev/maxScale: "${instancesMax}"
        # One is always there: Slack waits three seconds.
        autoscaling.knative.dev/minScale: "1"
        # Handlers, forwarding and the connection to Redis work between requests too.
        run.googleapis.com/cpu-throttling: "false"
        # Where Redis has no public address:
        # run.googleapis.com/vpc-access-connector: CONNECTOR
    spec:
      containerConcurrency: 80
      # Streams of MCP end after this; the longest that Cloud Run takes.
      timeoutSeconds: 3600
      containers:
        - name: server
          image: ${quoted(image)}
          ports:
            # Cloud Run sets ${envOf('port')} to this.
            - { name: http1, containerPort: ${port} }
          env:
${indented([...secrets, envEntries(settings)].join('\n'), 12)}
          startupProbe:
            httpGet: { path: /readyz, port: ${port} }
            periodSeconds: 2
            failureThreshold: 30
          livenessProbe:
            httpGet: { path: /livez, port: ${port} }
            periodSeconds: 10
            timeoutSeconds: 3
            failureThreshold: 3
          resources:
            limits: { cpu: "1", memory: 512Mi }
`
}
