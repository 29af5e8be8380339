import { expect } from 'bun:test'
import { resolve } from 'node:path'
import { packagesBehind } from '../../support/packages-behind.ts'
import { verifies } from '../../support/verifies.ts'

const root = resolve(import.meta.dir, '../../..')

const opentelemetryBehind = async (path: string) =>
  [...(await packagesBehind(`${root}/${path}`))].filter((name) => name.startsWith('@opentelemetry/'))

verifies(
  'traces:off',
  "the server and the library start without any of OpenTelemetry's packages",
  async () => {
    expect([...(await packagesBehind(`${root}/src/app.ts`))]).toContain('elysia')
    for (const path of ['src/app.ts', 'src/main.ts', 'src/index.ts', 'src/cli/serve.ts', 'src/cli/stdio.ts'])
      expect(await opentelemetryBehind(path)).toEqual([])
  },
)

verifies('traces:off', 'what is imported with a collector has them', async () => {
  expect(await opentelemetryBehind('src/observe/otlp-pipeline.ts')).toContain('@opentelemetry/sdk-trace')
})
