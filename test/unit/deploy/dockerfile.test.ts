import { expect, test } from 'bun:test'
import { programName } from '../../../src/cli/cli-context.ts'
import { containerHost, containerStateDir, containerUserId } from '../../../src/deploy/container-facts.ts'
import { configOf, credentials, load } from '../../support/load-config.ts'
import { verifies } from '../../support/verifies.ts'

/** What can be read from Dockerfile.distroless. scripts/image-check builds and runs both images. */

const root = new URL('../../..', import.meta.url).pathname
const text = await Bun.file(`${root}Dockerfile.distroless`).text()

/** The instructions of a stage, with continued lines joined and comments left out. */
function instructionsOf(stage: string): readonly string[] {
  const lines = text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\s*\\\n\s*/g, ' ')
    .split('\n')
  const begin = lines.findIndex((line) => line.startsWith('FROM ') && line.endsWith(` AS ${stage}`))
  const end = lines.findIndex((line, index) => index > begin && line.startsWith('FROM '))
  return lines.slice(begin + 1, end === -1 ? undefined : end).filter((line) => line !== '')
}

const images = { scratch: instructionsOf('scratch'), distroless: instructionsOf('distroless') }

verifies('S41', 'the image exposes 3000 and serves by default, over sse on 3000 without a flag', () => {
  for (const lines of Object.values(images)) {
    expect(lines).toContain('EXPOSE 3000')
    expect(lines).toContain(`ENTRYPOINT ["/usr/bin/${programName}"]`)
    expect(lines).toContain('CMD ["serve"]')
  }
  const { mcpTransport, port } = configOf(load({ purpose: 'serve', env: credentials }))
  expect([mcpTransport, port]).toEqual(['sse', 3000])
})

verifies('S42', 'the image is configured by its environment, which it fills with HOST alone', () => {
  for (const lines of Object.values(images)) {
    expect(lines.filter((line) => line.startsWith('ENV '))).toEqual([
      `ENV HOST=${containerHost} PATH=/usr/bin`,
    ])
  }
  const env = {
    ...credentials,
    HOST: containerHost,
    MCP_TRANSPORT: 'sse',
    MCP_MOUNT_PATH: '/mcp',
    PORT: '3000',
  }
  const config = configOf(load({ purpose: 'serve', env }))
  expect([config.host, config.mcpMountPath, config.port]).toEqual(['0.0.0.0', '/mcp', 3000])
})

test('both images are alike but for what they stand on', () => {
  const own = (lines: readonly string[]) => lines.filter((line) => !line.startsWith('COPY --from=glibc'))
  expect(own(images.scratch)).toEqual(own(images.distroless))
  expect(images.scratch.length).toBe(images.distroless.length + 1)
})

test('it runs as nobody, with a state directory of its own and the health check of the binary', () => {
  const state = containerStateDir(programName)
  expect(images.distroless).toEqual(
    expect.arrayContaining([
      `USER ${containerUserId}:${containerUserId}`,
      `COPY --from=build --chown=${containerUserId}:${containerUserId} /state ${state}`,
      `VOLUME ${state}`,
      'STOPSIGNAL SIGTERM',
      expect.stringMatching(/^HEALTHCHECK .* CMD \["\/usr\/bin\/slack-integrated-server", "healthcheck"\]$/),
    ]),
  )
})

test('nothing of a working folder but sources gets into the build', async () => {
  const lines = (await Bun.file(`${root}.dockerignore`).text())
    .split('\n')
    .filter((line) => !/^(#|$)/.test(line))
  expect(lines[0]).toBe('*')
  expect(lines.filter((line) => line.startsWith('!'))).toEqual([
    '!package.json',
    '!bun.lock',
    '!bunfig.toml',
    '!tsconfig.json',
    '!src',
    '!scripts',
  ])
  expect(lines.slice(-2)).toEqual(['**/.env', '**/.env.*'])
})
