import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { AppError, type ErrorDetails } from '../../../src/base/errors.ts'
import { createArgumentCheck } from '../../../src/mcp/arguments.ts'
import { createOfferIndex } from '../../../src/mcp/offer-index.ts'
import { methodTable } from '../../../src/slack/method-table.ts'
import { toolTable } from '../../../src/tools/tool-table.ts'
import { createToolBench } from '../../support/tool-bench.ts'
import { verifies } from '../../support/verifies.ts'

const folder = join(import.meta.dir, '../../snapshots/tools')
const everything = { isReadOnly: false, toolsets: undefined, channels: undefined }

/** `UPDATE_SNAPSHOTS=1 bun test` writes them; what a client sees changes only on purpose. */
const isWriting = process.env['UPDATE_SNAPSHOTS'] === '1'

function detailsOf(check: () => unknown): ErrorDetails {
  try {
    check()
  } catch (error) {
    if (error instanceof AppError) return error.details
  }
  return expect.unreachable()
}

verifies('tools:snapshots', 'what clients are told of every tool is the recorded one', async () => {
  const listed = createOfferIndex(createToolBench().slackOffer.offer).listTools(everything)
  expect(listed).toHaveLength(toolTable.length)
  for (const tool of listed) {
    const file = Bun.file(join(folder, `${tool['name']}.json`))
    if (isWriting) await Bun.write(file, `${JSON.stringify(tool, null, 2)}\n`)
    expect([tool['name'], (await file.exists()) ? await file.json() : 'no snapshot']).toEqual([
      tool['name'],
      tool,
    ])
  }
})

test('no snapshot is left of a tool that is gone', async () => {
  const names = [...new Bun.Glob('*.json').scanSync(folder)].map((name) => name.replace(/\.json$/, ''))
  expect(names.sort()).toEqual(toolTable.map(({ name }) => name).sort())
})

describe('every tool', () => {
  test.each(toolTable.map((tool) => [tool.name, tool] as const))(
    '%s is declared completely',
    (name, tool) => {
      expect(name).toMatch(/^slack_[a-z]+(_[a-z]+)*$/)
      expect(tool.description.length).toBeLessThanOrEqual(125)
      expect(tool.input['additionalProperties']).toBe(false)
      expect(tool.cost.methods.length).toBeGreaterThan(0)
      for (const method of tool.cost.methods) expect(Object.hasOwn(methodTable, method)).toBe(true)
      for (const target of Object.values(tool.aliases ?? {}))
        expect(Object.hasOwn(tool.input.properties, target)).toBe(true)
      for (const alias of Object.keys(tool.aliases ?? {}))
        expect(Object.hasOwn(tool.input.properties, alias)).toBe(false)
      for (const argument of Object.keys(tool.examples ?? {}))
        expect(Object.hasOwn(tool.input.properties, argument)).toBe(true)
    },
  )

  test.each(toolTable.map((tool) => [tool.name, tool] as const))(
    '%s takes the example that a refusal of it shows, whatever was wrong',
    (_, tool) => {
      const check = createArgumentCheck()
      for (const field of Object.keys(tool.input.properties)) {
        const details = detailsOf(() => check(tool, { ...tool.examples, [field]: null }))
        expect(details['field']).toBe(field)
        expect(() => check(tool, JSON.parse(String(details['example'])))).not.toThrow()
      }
    },
  )

  test.each(toolTable.map((tool) => [tool.name, tool] as const))(
    '%s takes the ts of a message by each of its names',
    (_, { aliases = {}, input }) => {
      const spellings = ['message_ts', 'thread_ts', 'timestamp', 'ts']
      const [own, ...others] = spellings.filter((name) => Object.hasOwn(input.properties, name))
      expect(others).toEqual([])
      if (own === undefined) return
      const taken = Object.keys(aliases).filter((alias) => aliases[alias] === own)
      expect(taken.sort()).toEqual(spellings.filter((name) => name !== own).sort())
    },
  )

  test.each(toolTable.map((tool) => [tool.name, tool] as const))('%s bounds every argument', (_, tool) => {
    const check = (schema: Readonly<Record<string, unknown>>, path: string): void => {
      const { type, pattern, minLength, maxLength, minimum, maximum, maxItems } = schema
      if (type === 'string')
        expect([path, pattern !== undefined || maxLength !== undefined]).toEqual([path, true])
      if (type === 'string' && pattern === undefined && minLength === undefined) expect(path).toBe('topic')
      if (type === 'integer')
        expect([path, typeof minimum, typeof maximum]).toEqual([path, 'number', 'number'])
      if (type === 'array') {
        expect([path, typeof maxItems]).toEqual([path, 'number'])
        check(schema['items'] as Readonly<Record<string, unknown>>, `${path}[]`)
      }
    }
    for (const [name, schema] of Object.entries(tool.input.properties)) check(schema, name)
  })

  test.each(toolTable.map((tool) => [tool.name, tool] as const))(
    '%s takes its own example',
    async (name, tool) => {
      const { createArgumentCheck } = await import('../../../src/mcp/arguments.ts')
      expect(() => createArgumentCheck()(tool, tool.examples)).not.toThrow()
      expect(name).toBe(tool.name)
    },
  )
})
