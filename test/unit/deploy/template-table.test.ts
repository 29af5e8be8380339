import { describe, expect, test } from 'bun:test'
import { namedOptions } from '../../../src/config/option-names.ts'
import { type TemplateName, templateNames } from '../../../src/deploy/template-names.ts'
import { runCommandLine } from '../../support/cli-context.ts'
import { at, parseDocuments, renderFile } from '../../support/deploy-files.ts'
import { verifies } from '../../support/verifies.ts'

const names = Object.keys(templateNames) as readonly TemplateName[]
const variables = new Set(namedOptions.flatMap(({ env, envAliases }) => [env ?? '', ...envAliases]))

/** Capitals with an underscore that are no option of ours. */
const otherWords = /^(?:CAP_NET_BIND_SERVICE|AF_(?:INET6?|UNIX))$/

verifies('deploy:options-exist', 'every variable that a file names is an option', () => {
  for (const name of names) {
    const words =
      renderFile(name, 'https://slack.example.com').match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? []
    expect([name, words.filter((word) => !variables.has(word) && !otherWords.test(word))]).toEqual([name, []])
  }
})

verifies('S45', 'heroku.yml builds the container of this repository and leaves PORT to Heroku', async () => {
  const root = new URL('../../..', import.meta.url).pathname
  const text = await Bun.file(`${root}heroku.yml`).text()
  expect(text).toBe(renderFile('heroku'))
  const [file] = parseDocuments(text)
  expect(file).toEqual({ build: { docker: { web: 'Dockerfile.distroless' } } })
  // Without a "run" section Heroku runs the image's own command, which holds no flags.
  const dockerfile = await Bun.file(`${root}${at(file, 'build', 'docker', 'web')}`).text()
  expect(dockerfile).toMatch(/^ENV HOST=0\.0\.0\.0/m)
  expect(dockerfile).not.toMatch(/\bPORT=/)
})

describe('generate', () => {
  verifies('cli:generate', 'prints each file, with the public URL and image it was told', async () => {
    for (const name of names) {
      const run = await runCommandLine(['generate', name])
      expect(run).toEqual({ code: 0, stdout: renderFile(name), stderr: '' })
      expect(run.stdout).toEndWith('\n')
    }
    const flags = ['--public-url', 'https://slack.example.com/', '--image', 'ghcr.io/me/mine@sha256:0a1b']
    const { stdout } = await runCommandLine(['generate', 'kubernetes', ...flags])
    expect(stdout).toContain('image: "ghcr.io/me/mine@sha256:0a1b"')
    expect(stdout).toContain('value: "https://slack.example.com"')
  })

  test('reads nothing of the machine it runs on', async () => {
    const files = { '/etc/slack-integrated-server/config.toml': 'not = [toml' }
    const env = { PORT: 'x', PUBLIC_URL: 'nonsense', CONFIG_FILE: '/nowhere' }
    expect((await runCommandLine(['generate', 'env'], { env, files })).code).toBe(0)
  })

  test.each([
    [[], 2, '"generate" takes one of systemd, kubernetes'],
    [['helm'], 2, 'env, not "helm"'],
    [['systemd', '--public-url', 'http://slack.example.com'], 2, '--public-url is to be https://'],
    [['systemd', '--public-url', 'https://example.com/slack'], 2, '--public-url is to be https://'],
    [['systemd', '--public-url', 'slack.example.com'], 78, 'expected an https:// or http:// URL'],
    [['compose', '--image', 'a"\n  x: "b'], 2, '--image is to be a reference'],
  ])('refuses %j', async (args: readonly string[], code: number, says: string) => {
    const run = await runCommandLine(['generate', ...args])
    expect([run.code, run.stdout]).toEqual([code, ''])
    expect(run.stderr).toContain(says)
  })
})
