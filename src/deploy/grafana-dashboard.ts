import { type DashboardPanel, type DashboardSection, dashboardSections } from './dashboard-panel-table.ts'
import type { Template } from './deployment.ts'
import { createMetricQueries } from './metric-query.ts'

/** Columns of Grafana's grid. */
const gridColumns = 24
const panelWidths = { stat: 4, timeseries: 8 } as const
const panelHeights = { stat: 4, timeseries: 8 } as const

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana replaces it.
const datasource = { type: 'prometheus', uid: '${datasource}' } as const

/** A dashboard to import, with a choice of data source and job. */
export const renderGrafanaDashboard: Template = ({ program }) =>
  `${JSON.stringify(
    {
      uid: program,
      title: program,
      tags: ['slack', 'mcp'],
      schemaVersion: 39,
      version: 1,
      editable: true,
      refresh: '30s',
      time: { from: 'now-6h', to: 'now' },
      templating: { list: variables() },
      panels: layOut(dashboardSections),
    },
    undefined,
    2,
  )}\n`

function variables(): readonly object[] {
  const { series } = createMetricQueries()
  const query = `label_values(${series('slackmcp_build_info')}, job)`
  return [
    { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
    {
      name: 'job',
      label: 'Job',
      type: 'query',
      datasource,
      query: { query, refId: 'job' },
      refresh: 2,
      multi: true,
      includeAll: true,
      allValue: '.+',
      current: { text: 'All', value: '$__all' },
    },
  ]
}

/** Sections below each other; in each, panels from left to right, a new line where the next one does not fit or is taller. */
function layOut(sections: readonly DashboardSection[]): readonly object[] {
  const panels: object[] = []
  let top = 0
  for (const section of sections) {
    panels.push(heading(section.title, panels.length + 1, top))
    top += 1
    let left = 0
    let height = 0
    for (const panel of section.panels) {
      const isTaller = height !== 0 && panelHeights[panel.kind] !== height
      if (left + panelWidths[panel.kind] > gridColumns || isTaller) {
        top += height
        left = 0
      }
      height = panelHeights[panel.kind]
      panels.push(asPanel(panel, panels.length + 1, { x: left, y: top }))
      left += panelWidths[panel.kind]
    }
    top += height
  }
  return panels
}

function heading(title: string, id: number, top: number): object {
  return {
    id,
    type: 'row',
    title,
    collapsed: false,
    gridPos: { x: 0, y: top, w: gridColumns, h: 1 },
    panels: [],
  }
}

function asPanel(
  { title, kind, unit, queries }: DashboardPanel,
  id: number,
  place: { readonly x: number; readonly y: number },
): object {
  return {
    id,
    type: kind,
    title,
    datasource,
    gridPos: { ...place, w: panelWidths[kind], h: panelHeights[kind] },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource,
      expr,
      legendFormat: legend,
    })),
  }
}
