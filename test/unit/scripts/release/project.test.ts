import { expect, test } from 'bun:test'
import { parseRepository, readProject, registryName } from '../../../../scripts/release/project.ts'

const file = { version: '1.0.0', description: 'What it does.', license: 'MIT' }

test('a repository at GitHub is found in every form that npm takes', () => {
  const found = { url: 'https://github.com/acme/slack.server', owner: 'acme', name: 'slack.server' }
  for (const text of [
    'acme/slack.server',
    'github:acme/slack.server',
    'https://github.com/acme/slack.server',
    'https://github.com/acme/slack.server.git',
    'git+https://github.com/acme/slack.server.git',
    'git+ssh://git@github.com/acme/slack.server.git',
  ]) {
    expect(parseRepository(text)).toEqual(found)
    expect(parseRepository({ url: text })).toEqual(found)
  }
})

test('what is at GitHub nowhere is no repository to publish at', () => {
  for (const text of ['', 'gitlab:acme/server', 'https://gitlab.example/acme/server', 'server']) {
    expect(parseRepository(text)).toBeUndefined()
  }
  expect(parseRepository(undefined)).toBeUndefined()
})

test('the name in the registry keeps the letters of the owner', () => {
  expect(registryName({ url: '', owner: 'Acme', name: 'server' })).toBe('io.github.Acme/server')
})

test('where package.json names nobody, the maintainers are named', () => {
  expect(readProject(file).author).toBe('The maintainers of slack-integrated-server')
  expect(readProject({ ...file, author: 'Ada' }).author).toBe('Ada')
  expect(readProject({ ...file, author: { name: 'Ada' } }).author).toBe('Ada')
})
