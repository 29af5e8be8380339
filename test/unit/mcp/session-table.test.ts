import { describe, expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import { unrestrictedPolicy } from '../../../src/mcp/auth.ts'
import type { Principal } from '../../../src/mcp/registry.ts'
import { type Session, type SessionLimits, SessionTable } from '../../../src/mcp/session-table.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { RecordingMetrics } from '../../support/recording-metrics.ts'

class FakeSession implements Session {
  readonly id: string
  readonly transport = 'streamable_http'
  isBusy = false
  hasStream = false
  ended: string | undefined
  lastText: string | undefined

  constructor(id: string) {
    this.id = id
  }

  end(reason: AppError, lastText?: string): void {
    this.ended = reason.code
    this.lastText = lastText
  }
}

const alice: Principal = { name: 'alice', policy: unrestrictedPolicy }
const bob: Principal = { name: 'bob', policy: unrestrictedPolicy }

const limits: SessionLimits = {
  perPrincipalMax: 3,
  totalMax: 4,
  idleTtlMs: 60_000,
  absoluteTtlMs: 600_000,
  uninitialisedTtlMs: 10_000,
  inFlightMax: 8,
}

function bench(changes: Partial<SessionLimits> = {}) {
  const clock = new FakeClock()
  const metrics = new RecordingMetrics()
  const table = new SessionTable<FakeSession>({
    clock,
    metrics,
    log: new RecordingLogger(),
    limits: { ...limits, ...changes },
  })
  const open = (id: string, principal = alice): FakeSession => {
    const session = new FakeSession(id)
    table.reserve(principal)
    table.add(session, { principal, correlationId: 'c' })
    return session
  }
  return { clock, metrics, table, open }
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof AppError) return error.code
  }
  return 'none'
}

test('a session is there for who opened it, and for nobody else', () => {
  const { table, open } = bench()
  const session = open('s')
  expect(table.use('s', alice)).toBe(session)
  expect(codeOf(() => table.use('s', bob))).toBe('MCP_SESSION_NOT_FOUND')
  expect(codeOf(() => table.use('t', alice))).toBe('MCP_SESSION_NOT_FOUND')
  expect(codeOf(() => table.use('__proto__', alice))).toBe('MCP_SESSION_NOT_FOUND')
})

describe('over the cap of one principal', () => {
  test('its session idle for longest gives way', async () => {
    const { clock, table, open } = bench()
    const [first, second] = [open('1'), open('2')]
    open('3')
    await clock.advance(1)
    table.use('1', alice)
    open('4')
    expect([first.ended, second.ended, table.size]).toEqual([undefined, 'MCP_SESSION_NOT_FOUND', 3])
  })

  test("nobody else's session does", async () => {
    const { clock, table, open } = bench()
    const others = open('b', bob)
    await clock.advance(1)
    for (const id of ['1', '2', '3']) open(id)
    open('4')
    expect([others.ended, table.size]).toEqual([undefined, 4])
  })

  test('a new one is refused where all are busy', () => {
    const { table, open } = bench()
    for (const id of ['1', '2', '3']) open(id).isBusy = true
    expect(codeOf(() => table.reserve(alice))).toBe('MCP_SESSIONS_EXHAUSTED')
    expect(codeOf(() => table.reserve(bob))).toBe('none')
  })
})

test('over the total cap the session idle for longest of all gives way', async () => {
  const { clock, table, open } = bench()
  const oldest = open('a')
  await clock.advance(1)
  open('b', bob)
  open('c', bob)
  open('d', bob)
  expect(oldest.ended).toBeUndefined()
  open('e', { name: 'carol', policy: unrestrictedPolicy })
  expect([oldest.ended, table.size]).toEqual(['MCP_SESSION_NOT_FOUND', 4])
})

describe('a session that was never initialised', () => {
  for (const [ms, isThere] of [
    [9999, true],
    [10_000, false],
  ] as const)
    test(`is ${isThere ? 'there' : 'gone'} after ${ms} ms`, async () => {
      const { clock, table, open } = bench()
      open('s')
      await clock.advance(ms)
      expect(codeOf(() => table.use('s', alice))).toBe(isThere ? 'none' : 'MCP_SESSION_NOT_FOUND')
    })
})

describe('an idle session', () => {
  for (const [ms, isThere] of [
    [59_999, true],
    [60_000, false],
  ] as const)
    test(`is ${isThere ? 'there' : 'gone'} after ${ms} ms`, async () => {
      const { clock, table, open } = bench()
      open('s')
      table.use('s', alice)
      await clock.advance(ms)
      expect(codeOf(() => table.use('s', alice))).toBe(isThere ? 'none' : 'MCP_SESSION_NOT_FOUND')
    })

  test('is swept away without anybody asking', async () => {
    const { clock, table, open } = bench()
    const session = open('s')
    table.use('s', alice)
    await clock.advance(65_000)
    expect([session.ended, table.size, clock.timerCount]).toEqual(['MCP_SESSION_NOT_FOUND', 0, 0])
  })

  test('is idle from the end of its last call', async () => {
    const { clock, table, open } = bench()
    const session = open('s')
    table.use('s', alice)
    session.isBusy = true
    await clock.advance(120_000)
    session.isBusy = false
    await clock.advance(50_000)
    expect(session.ended).toBeUndefined()
    await clock.advance(15_000)
    expect(session.ended).toBe('MCP_SESSION_NOT_FOUND')
  })
})

describe('a busy session', () => {
  for (const [ms, isThere] of [
    [599_999, true],
    [600_000, false],
  ] as const)
    test(`is ${isThere ? 'there' : 'gone'} after ${ms} ms`, async () => {
      const { clock, table, open } = bench()
      const session = open('s')
      table.use('s', alice)
      session.isBusy = true
      await clock.advance(ms)
      expect(codeOf(() => table.use('s', alice))).toBe(isThere ? 'none' : 'MCP_SESSION_NOT_FOUND')
    })
})

test('removing ends a session once, and measures how long it lived', async () => {
  const { clock, metrics, table, open } = bench()
  const session = open('s')
  await clock.advance(2500)
  table.remove('s', new AppError('SHUTTING_DOWN'), 'bye')
  table.remove('s', new AppError('SHUTTING_DOWN'), 'again')
  expect([session.ended, session.lastText]).toEqual(['SHUTTING_DOWN', 'bye'])
  expect(metrics.sum('mcp_server_session_duration_seconds', { network_transport: 'streamable_http' })).toBe(
    2.5,
  )
  const gauge = metrics.records.filter(({ name }) => name === 'slackmcp_mcp_sessions')
  expect(gauge.map(({ value }) => value)).toEqual([1, 0])
})
