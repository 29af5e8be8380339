import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalFiles } from '../../src/local-files.ts'
import { verifies } from '../support/verifies.ts'

const files = createLocalFiles('4711')
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const modeOf = (path: string) => statSync(path).mode & 0o777

describe('a file that a command writes', () => {
  verifies('cli:files:atomic', 'has its mode from the first byte, and leaves no other file behind', () => {
    const path = join(folder, 'a', 'b', 'config.toml')
    files.replace(path, 'one', 0o600)
    expect([readFileSync(path, 'utf8'), modeOf(path), modeOf(join(folder, 'a'))]).toEqual([
      'one',
      0o600,
      0o700,
    ])
    files.replace(path, 'two', 0o640)
    expect([readFileSync(path, 'utf8'), modeOf(path)]).toEqual(['two', 0o640])
    expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['config.toml'])
  })

  test('stays as it was where it cannot be replaced', () => {
    const inTheWay = join(folder, 'folder')
    mkdirSync(inTheWay)
    expect(() => files.replace(inTheWay, 'x', 0o600)).toThrow('EISDIR')
    expect(statSync(inTheWay).isDirectory()).toBe(true)
    expect(readdirSync(folder).filter((name) => name.includes('.tmp'))).toEqual([])
  })

  test('is told beforehand where it cannot be replaced, and nothing is made of it', () => {
    files.checkReplaceable(join(folder, 'not', 'yet', 'there.toml'))
    const file = join(folder, 'a-file')
    writeFileSync(file, 'x', { mode: 0o400 })
    // What is replaced need not be writable: its folder has to be.
    files.checkReplaceable(file)
    expect(() => files.checkReplaceable(join(file, 'below.toml'))).toThrow('ENOTDIR')
    expect(readdirSync(folder)).not.toContain('not')
  })

  test('is never written through a link that stands where its unfinished form goes', () => {
    const victim = join(folder, 'victim')
    writeFileSync(victim, 'precious')
    const path = join(folder, 'target.json')
    symlinkSync(victim, `${path}.4711.tmp`)
    expect(() => files.replace(path, 'x', 0o600)).toThrow('EEXIST')
    expect(readFileSync(victim, 'utf8')).toBe('precious')
  })

  test('replaces what a link leads to, and keeps the link', () => {
    const real = join(folder, 'real.json')
    const link = join(folder, 'link.json')
    writeFileSync(real, 'old')
    symlinkSync(real, link)
    files.replace(link, 'new', 0o644)
    expect([readFileSync(real, 'utf8'), lstatSync(link).isSymbolicLink()]).toEqual(['new', true])
    // Nothing is there yet, by way of two links.
    const first = join(folder, 'first.json')
    const second = join(folder, 'second.json')
    symlinkSync('second.json', first)
    symlinkSync(join('later', 'real.json'), second)
    files.checkReplaceable(first)
    files.replace(first, 'made', 0o644)
    expect(readFileSync(join(folder, 'later', 'real.json'), 'utf8')).toBe('made')
    expect([first, second].map((path) => lstatSync(path).isSymbolicLink())).toEqual([true, true])
  })
})

test('what is at a path is told with mode and rights; a copy has the mode of the original', () => {
  const path = join(folder, 'secret')
  writeFileSync(path, 's')
  chmodSync(path, 0o640)
  expect(files.facts(path)).toEqual({ kind: 'file', mode: 0o640, isWritable: true })
  expect(files.facts(folder)?.kind).toBe('directory')
  expect(files.facts(join(folder, 'nothing'))).toBeUndefined()
  files.copy(path, `${path}.bak`)
  expect([readFileSync(`${path}.bak`, 'utf8'), modeOf(`${path}.bak`)]).toEqual(['s', 0o640])
})

test('what cannot be looked at is told as such, and never thrown', () => {
  const file = join(folder, 'no-folder')
  writeFileSync(file, 'x')
  expect(files.facts(join(file, 'below'))).toBeUndefined()
  // Nobody gets to the end of a circle of links, root neither.
  symlinkSync('circle', join(folder, 'circle'))
  expect(files.facts(join(folder, 'circle'))).toEqual({ kind: 'hidden', mode: 0, isWritable: false })
  expect(() => files.checkReplaceable(join(folder, 'circle'))).toThrow('ELOOP')
})

test('a copy is the old one or the new one, never half of it', () => {
  const path = join(folder, 'copied')
  const copy = join(folder, 'copied.bak')
  writeFileSync(path, 'one')
  files.copy(path, copy)
  // Whoever has the old copy open, or linked, keeps it: it is not written over in place.
  linkSync(copy, join(folder, 'linked'))
  writeFileSync(path, 'two')
  files.copy(path, copy)
  expect([copy, join(folder, 'linked')].map((name) => readFileSync(name, 'utf8'))).toEqual(['two', 'one'])
})

test('a scratch folder goes with all that is in it', () => {
  const scratch = files.makeScratch(folder)
  writeFileSync(join(scratch, 'x'), 'x')
  files.removeScratch(scratch)
  expect(files.facts(scratch)).toBeUndefined()
})
