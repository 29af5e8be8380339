import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser'

const folder = join(import.meta.dir, '../../.github/workflows')
const workflows = readdirSync(folder).map((name) => ({
  name,
  text: readFileSync(join(folder, name), 'utf8'),
}))

/** What GitHub's own parser has against a workflow: keys, values, expressions, jobs that wait for none. */
async function complaintsAbout(name: string, content: string): Promise<readonly string[]> {
  const { context, value } = parseWorkflow({ name, content }, new NoOperationTraceWriter())
  if (value !== undefined) await convertWorkflowTemplate(context, value)
  return context.errors.getErrors().map(({ message }) => message)
}

describe.each(workflows)('$name', ({ name, text }) => {
  test('is one that GitHub takes', async () => {
    expect(await complaintsAbout(name, text)).toEqual([])
  })

  test('takes every action of others by the hash of a commit, which nobody can move, and says its version', () => {
    const taken = [...text.matchAll(/^\s*(?:- )?uses: (.*)$/gm)].map((match) => match[1] ?? '')
    expect(taken.length).toBeGreaterThan(0)
    for (const action of taken) expect(action).toMatch(/^\.\/|^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  })

  test('may only read where a job does not ask for more', () => {
    expect(Bun.YAML.parse(text)).toMatchObject({ permissions: { contents: 'read' } })
    expect(text.match(/^permissions:\n(?: {2}.*\n)+/m)?.[0]).toBe('permissions:\n  contents: read\n')
  })

  test('puts nothing that others write into a script', () => {
    // An expression is pasted into the text of the script; a variable is not.
    const scripts = text
      .split(/^\s*(?:- )?run: /m)
      .slice(1)
      .map((part) => part.split(/^\s*- /m)[0] ?? '')
    for (const script of scripts) expect(script).not.toContain('${{')
  })
})

test('a wrong key, expression or dependency is seen', async () => {
  const { text = '' } = workflows.find(({ name }) => name === 'release.yml') ?? {}
  for (const [from, to, complaint] of [
    ['attestations: write', 'attestation: write', "Unexpected value 'attestation'"],
    ['matrix.runner }}', 'matrx.runner }}', "Unrecognized named-value: 'matrx'"],
    ['needs: build', 'needs: bild', "depends on unknown job 'bild'"],
  ] as const) {
    expect((await complaintsAbout('release.yml', text.replace(from, to))).join()).toContain(complaint)
  }
})

test('.ci/run has the root that its installing, the .deb and the images take', () => {
  const { text = '' } = workflows.find(({ name }) => name === 'ci.yml') ?? {}
  expect(text.match(/run: .*\.ci\/run$/gm)).toEqual(['run: sudo env "PATH=$PATH" ./.ci/run'])
})

test('every action is taken in one version everywhere', () => {
  const versions = new Map<string, Set<string>>()
  for (const { text } of workflows)
    for (const [, name = '', version = ''] of text.matchAll(/uses: ([\w-]+\/[\w-]+)@(.*)$/gm))
      versions.set(name, (versions.get(name) ?? new Set()).add(version))
  expect([...versions].filter(([, found]) => found.size > 1)).toEqual([])
})
