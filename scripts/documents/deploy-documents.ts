import { version } from '../../package.json'
import { programName } from '../../src/cli/cli-context.ts'
import type { Deployment } from '../../src/deploy/deployment.ts'
import type { TemplateName } from '../../src/deploy/template-names.ts'
import { templateTable } from '../../src/deploy/template-table.ts'

const deployment: Deployment = {
  program: programName,
  image: `registry.example.com/${programName}:${version}`,
  publicUrl: undefined,
}

/** Where what "generate" prints stands in the repository: two files that others look for at the top, and examples to read. */
const paths: Readonly<Record<TemplateName, string>> = {
  env: '.env.example',
  heroku: 'heroku.yml',
  systemd: `docs/deploy/files/${programName}.service`,
  kubernetes: 'docs/deploy/files/kubernetes.yaml',
  compose: 'docs/deploy/files/compose.yaml',
  'cloud-run': 'docs/deploy/files/cloud-run.yaml',
  'prometheus-rules': 'docs/deploy/files/prometheus-rules.yml',
  'grafana-dashboard': 'docs/deploy/files/grafana-dashboard.json',
}

/** What "generate" prints, by its path. */
export const deployDocuments: Readonly<Record<string, () => string>> = Object.fromEntries(
  Object.entries(paths).map(([name, path]) => [path, () => templateTable[name as TemplateName](deployment)]),
)
