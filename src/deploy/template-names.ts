/** What can be generated, and what each file is for. Its own file, so that the table of commands need not load the templates. */
export const templateNames = {
  systemd: 'a unit for a machine of your own',
  kubernetes: 'three replicas with probes, policies and an autoscaler',
  compose: 'the server with Redis, for docker compose',
  'cloud-run': 'a service for Google Cloud Run',
  heroku: 'heroku.yml',
  'prometheus-rules': 'alerts',
  'grafana-dashboard': 'a dashboard to import',
  env: 'every variable with its default',
} as const

export type TemplateName = keyof typeof templateNames
