import { describe, expect, test } from 'bun:test'
import { errorTable } from '../../../src/base/error-table.ts'
import { AppError, asAppError, renderUnifiedError } from '../../../src/base/errors.ts'
import { verifies } from '../../support/verifies.ts'

describe('errors', () => {
  verifies('S68', 'every code is UPPER_SNAKE and every row says what, why and what to do', () => {
    for (const [code, row] of Object.entries(errorTable)) {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/)
      expect(row.status).toBeGreaterThanOrEqual(400)
      expect(row.status).toBeLessThan(600)
      for (const text of [row.message, row.cause, row.fix]) expect(text).toMatch(/^[A-Z"/].*[."]$/)
    }
  })

  verifies('S67', 'renders code, message, component, details and correlation id, and never the cause', () => {
    const error = new AppError('QUEUE_FULL', {
      cause: new Error('redis://user:pw@host'),
      details: { backend: 'redis' },
    })
    expect(renderUnifiedError(error, 'id')).toEqual({
      error: {
        code: 'QUEUE_FULL',
        message: errorTable.QUEUE_FULL.message,
        component: 'webhook',
        details: { backend: 'redis' },
        correlation_id: 'id',
      },
    })
    expect(JSON.stringify(renderUnifiedError(error, 'id'))).not.toContain('pw')
  })

  verifies('S69', 'belongs to mcp, webhook or the server itself', () => {
    const components = new Set(Object.values(errorTable).map((row) => row.component))
    expect([...components].sort()).toEqual(['mcp', 'server', 'webhook'])
  })

  verifies('S71', 'carries details as an object, empty where there are none', () => {
    expect(renderUnifiedError(new AppError('NOT_FOUND'), 'id').error.details).toEqual({})
    const details = {
      slack_error: 'missing_scope',
      needed: 'chat:write',
      provided: 'chat:read',
      retry_after_s: 3,
    }
    expect(renderUnifiedError(new AppError('SLACK_REFUSED', { details }), 'id').error.details).toEqual(
      details,
    )
  })

  test('an unknown throw becomes INTERNAL with the original as cause; an AppError stays itself', () => {
    const thrown = new Error('boom')
    expect(asAppError(thrown)).toMatchObject({ code: 'INTERNAL', status: 500, cause: thrown })
    expect(asAppError('text').cause).toBe('text')
    const own = new AppError('NOT_FOUND')
    expect(asAppError(own)).toBe(own)
  })
})
