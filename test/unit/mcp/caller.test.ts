import { describe, expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import { asCallError } from '../../../src/mcp/caller.ts'

describe('what ended a call', () => {
  const method = 'chat.postMessage'
  const untouched = new AppError('CALL_CANCELLED', { details: { method } })
  const underWay = new AppError('CALL_CANCELLED', { details: { method, outcome: 'unknown' } })
  const stopping = AbortSignal.abort(new AppError('SHUTTING_DOWN', { component: 'mcp' }))
  const left = AbortSignal.abort()
  const quiet = new AbortController().signal

  test.each([
    ['the caller left', left, untouched, 'CALL_CANCELLED', { method }],
    ['the caller left a write under way', left, underWay, 'CALL_CANCELLED', underWay.details],
    ['the caller left work that tells its own', left, new Error('gone'), 'CALL_CANCELLED', {}],
    ['the server stopped', stopping, untouched, 'SHUTTING_DOWN', {}],
    ['the server stopped a write under way', stopping, underWay, 'SLACK_OUTCOME_UNKNOWN', underWay.details],
    ['the server stopped work that tells its own', stopping, new Error('gone'), 'SHUTTING_DOWN', {}],
    ['it had failed before', stopping, new AppError('SLACK_AUTH_FAILED'), 'SLACK_AUTH_FAILED', {}],
    ['nobody aborted it', quiet, new Error('a defect'), 'INTERNAL', {}],
  ] as const)('%s', (_, signal, thrown, code, details) => {
    const error = asCallError(thrown, signal)
    expect({ code: error.code, details: error.details }).toEqual({ code, details })
  })
})
