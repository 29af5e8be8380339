import { expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import { AdminListenError, startFailureReason } from '../../../src/cli/start-failure.ts'

const config = { host: 'nowhere.invalid', port: 3000 }

/** What the system says, as it reaches the command. */
function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: invalid argument, listen`), { code })
}

test.each(['EINVAL', 'ENOTFOUND'])('a host that does not resolve is named with its option (%s)', (code) => {
  const fault = systemError(code)
  expect(startFailureReason(fault, config)).toBe(
    'HOST nowhere.invalid is no address or name that this machine knows; choose another with HOST or --host',
  )
  const admin = new AdminListenError({ host: 'admin.invalid', port: 9000 }, { cause: fault })
  expect(startFailureReason(admin, config)).toBe(
    'ADMIN_HOST admin.invalid is no address or name that this machine knows; choose another with ADMIN_HOST or --admin-host',
  )
})

test('what only the operator can change is said with the change', () => {
  const details = { directory: '/srv/state', pid: 7 }
  expect(startFailureReason(new AppError('STATE_DIR_IN_USE', { details }), config)).toBe(
    'the server cannot start: Another server is using the state directory; directory: /srv/state; pid: 7. Stop the other server, or give this one a directory of its own with STATE_DIR.',
  )
  expect(startFailureReason(new AppError('QUEUE_FULL', { details: { backend: 'redis' } }), config)).toMatch(
    /^the server cannot start: [^\n]+; backend: redis$/,
  )
})

test('what nobody foresaw is said as it is', () => {
  expect(startFailureReason(new Error('out of luck'), config)).toBe('the server cannot start: out of luck')
})
