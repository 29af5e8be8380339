import { renderCloudRunService } from './cloud-run-service.ts'
import { renderComposeFile } from './compose-file.ts'
import type { Template } from './deployment.ts'
import { renderEnvFile } from './env-file.ts'
import { renderGrafanaDashboard } from './grafana-dashboard.ts'
import { renderHerokuFile } from './heroku-file.ts'
import { renderKubernetesManifest } from './kubernetes-manifest.ts'
import { renderPrometheusRules } from './prometheus-rules.ts'
import { renderSystemdUnit } from './systemd-unit.ts'
import type { TemplateName } from './template-names.ts'

/** How each file is rendered. */
export const templateTable: Readonly<Record<TemplateName, Template>> = {
  systemd: renderSystemdUnit,
  kubernetes: renderKubernetesManifest,
  compose: renderComposeFile,
  'cloud-run': renderCloudRunService,
  heroku: renderHerokuFile,
  'prometheus-rules': renderPrometheusRules,
  'grafana-dashboard': renderGrafanaDashboard,
  env: renderEnvFile,
}
