import { expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import { failureReason } from '../../../src/queue/failure-reason.ts'

test.each([
  ['a code of ours', new AppError('SLACK_REFUSED'), 'SLACK_REFUSED'],
  ['a code of the runtime', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  ['the class', new TypeError('x is not a function'), 'TypeError'],
  ['a name of its own', Object.assign(new Error('x'), { name: 'HandlerError' }), 'HandlerError'],
  ['a name that holds text', Object.assign(new Error('x'), { name: 'xoxb-123 leaked' }), 'Error'],
  ['a code that holds text', Object.assign(new Error('x'), { code: 'no such user: ana' }), 'Error'],
  ['a name of 64 characters', Object.assign(new Error('x'), { name: 'N'.repeat(64) }), 'N'.repeat(64)],
  ['a name of 65 characters', Object.assign(new Error('x'), { name: 'N'.repeat(65) }), 'Error'],
  ['something that is no error', 'secret message', 'UNKNOWN'],
  ['nothing', undefined, 'UNKNOWN'],
])('names a failure without its text: %s', (_what, thrown, reason) => {
  expect(failureReason(thrown)).toBe(reason)
})
