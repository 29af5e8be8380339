import type { TSchema } from '@sinclair/typebox'
import { choicesOf, isTextList } from './option-decode.ts'
import { type NamedOption, namedOptions } from './option-names.ts'
import { optionGroups } from './option-row.ts'

type JsonSchema = Readonly<Record<string, unknown>>

/** JSON Schema (2020-12) of the configuration file: a table for each group. For editors and for checks before a roll-out. */
export function renderConfigSchema(): JsonSchema {
  const tables = Object.entries(optionGroups).map(([group, description]) => [
    group,
    {
      type: 'object',
      description,
      additionalProperties: false,
      properties: Object.fromEntries(
        namedOptions
          .filter(({ row }) => row.group === group)
          .map((option) => [option.fileKey, optionSchema(option)]),
      ),
    },
  ])
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'slack-integrated-server configuration file',
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(tables),
  }
}

function optionSchema({ row, env, flag }: NamedOption): JsonSchema {
  return {
    ...typeOf(row.schema),
    description: row.description,
    ...(row.secret === true && { writeOnly: true }),
    'x-env': env,
    'x-flag': flag,
  }
}

function typeOf(schema: TSchema): JsonSchema {
  const choices = choicesOf(schema)
  if (choices !== undefined) return { type: 'string', enum: choices, default: schema.default }
  return isTextList(schema) ? { anyOf: [schema, { type: 'string' }], default: schema.default } : schema
}
