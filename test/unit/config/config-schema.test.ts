import { expect, test } from 'bun:test'
import { renderConfigSchema } from '../../../src/config/config-schema.ts'
import { namedOptions } from '../../../src/config/option-names.ts'
import { verifies } from '../../support/verifies.ts'

/** As a reader of the printed text sees it. */
const schema: unknown = JSON.parse(JSON.stringify(renderConfigSchema()))

verifies(
  'config:schema',
  'every option of the table is in the JSON Schema, in the table of its group',
  () => {
    for (const { row, fileKey, env, flag } of namedOptions) {
      expect(schema).toHaveProperty(
        ['properties', row.group, 'properties', fileKey, 'description'],
        row.description,
      )
      if (env !== undefined)
        expect(schema).toHaveProperty(['properties', row.group, 'properties', fileKey, 'x-env'], env)
      if (flag !== undefined)
        expect(schema).toHaveProperty(['properties', row.group, 'properties', fileKey, 'x-flag'], flag)
    }
  },
)

test('options have their types, bounds, choices and defaults', () => {
  expect(schema).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    additionalProperties: false,
    properties: {
      server: {
        additionalProperties: false,
        properties: { port: { type: 'integer', minimum: 0, maximum: 65_535, default: 3000 } },
      },
      mcp: {
        properties: {
          transport: { type: 'string', enum: ['sse', 'streamable-http'], default: 'sse' },
          tokens: {
            type: 'array',
            items: { type: 'object', required: ['name'], additionalProperties: false },
          },
          auth_tokens: { writeOnly: true },
        },
      },
    },
  })
})

test('a list of texts may be one text; a list of tables may not', () => {
  expect(schema).toMatchObject({
    properties: {
      slack: {
        properties: {
          signing_secret: {
            anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }],
            writeOnly: true,
          },
        },
      },
      mcp: { properties: { toolsets: { default: ['default'] }, tokens: { type: 'array' } } },
    },
  })
})
