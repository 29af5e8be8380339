import { describe, expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import { Secret } from '../../../src/base/secret.ts'
import { createLogger, type LoggerOptions, type RootLogger } from '../../../src/observe/line-logger.ts'
import { createPrettyRenderer } from '../../../src/observe/pretty-line.ts'
import { createRedactor } from '../../../src/observe/redaction.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { verifies } from '../../support/verifies.ts'

interface Recorded {
  readonly log: RootLogger
  readonly lines: string[]
  /** The only line written, parsed. */
  readonly record: () => Record<string, unknown>
}

interface RecordingOptions extends Partial<LoggerOptions> {
  readonly secrets?: readonly string[]
  readonly render?: (line: string) => string
}

function recorded({ secrets = [], render = (line) => line, ...rest }: RecordingOptions = {}): Recorded {
  const lines: string[] = []
  const log = createLogger({
    write: (line) => lines.push(render(line)),
    level: 'debug',
    redactor: createRedactor(secrets.map((value) => new Secret(value))),
    clock: new FakeClock(),
    base: { service: 'slack-integrated-server', version: '1.2.3' },
    ...rest,
  })
  const record = () => {
    expect(lines.length).toBe(1)
    return JSON.parse(lines[0] ?? '')
  }
  return { log, lines, record }
}

describe('a line', () => {
  verifies('S62', 'is one JSON object with time, level, event, service, version and the fields', () => {
    const { log, lines, record } = recorded()
    log.child({ correlation_id: 'c1' }).info('webhook_event_received', { event_type: 'message', count: 2 })
    expect(record()).toEqual({
      level: 'info',
      time: '2023-11-14T22:13:20.000Z',
      msg: 'webhook_event_received',
      service: 'slack-integrated-server',
      version: '1.2.3',
      correlation_id: 'c1',
      event_type: 'message',
      count: 2,
    })
    expect(lines[0]).toEndWith('}\n')
  })

  test('takes its time from the injected clock', async () => {
    const clock = new FakeClock()
    const { log, record } = recorded({ clock })
    await clock.advance(1_234)
    log.warn('x_happened')
    expect(record()['time']).toBe('2023-11-14T22:13:21.234Z')
  })

  test('names no field twice: the fields of a line win over those of its logger', () => {
    const { log, lines, record } = recorded()
    log.child({ attempt: 1, tool_name: 'a' }).child({ attempt: 2 }).info('x_happened', { attempt: 3 })
    expect(record()).toMatchObject({ attempt: 3, tool_name: 'a' })
    expect(lines[0]?.match(/"attempt"/g)).toHaveLength(1)
  })

  verifies(
    'observe:log:reserved',
    'keeps its own time, level, event and version whatever the fields are called',
    () => {
      const { log, lines, record } = recorded()
      log.child({ version: '2025-11-25' }).info('x_happened', { level: 'fatal', time: 'never', msg: 'other' })
      expect(record()).toMatchObject({
        level: 'info',
        time: '2023-11-14T22:13:20.000Z',
        msg: 'x_happened',
        version: '1.2.3',
        field_level: 'fatal',
        field_time: 'never',
        field_msg: 'other',
        field_version: '2025-11-25',
      })
      expect(lines[0]?.match(/"level"/g)).toHaveLength(1)
    },
  )

  test('has numbers with six decimals at most, and whole numbers as they are', () => {
    const { log, record } = recorded()
    log.info('a', {
      duration_ms: 1.234567890123,
      tiny: -4e-7,
      half: 0.5,
      large: Number.MAX_VALUE,
      count: 2 ** 53,
    })
    expect(record()).toMatchObject({
      duration_ms: 1.234568,
      half: 0.5,
      large: Number.MAX_VALUE,
      count: 2 ** 53,
    })
    expect(record()['tiny']).toBeCloseTo(0, 12)
  })

  test('leaves out undefined and functions, and spells what JSON cannot', () => {
    const { log, record } = recorded()
    log.info('x_happened', {
      nothing: undefined,
      call: () => 1,
      big: 12n,
      infinite: Number.POSITIVE_INFINITY,
      date: new Date(0),
      bytes: new Uint8Array(3),
      set: new Set([1, 2]),
      map: new Map([['a', 1]]),
      none: null,
      list: [undefined, 1],
    })
    const { level, time, msg, service, version, ...fields } = record()
    expect(fields).toEqual({
      big: '12',
      infinite: 'Infinity',
      date: '1970-01-01T00:00:00.000Z',
      bytes: '[3 bytes]',
      set: [1, 2],
      map: { a: 1 },
      none: null,
      list: [null, 1],
    })
  })
})

describe('levels', () => {
  verifies(
    'observe:log:level',
    'filter below the level and change at run time for loggers handed out before',
    () => {
      const { log, lines } = recorded({ level: 'warn' })
      const child = log.child({ a: 1 })
      log.debug('x_happened')
      child.info('x_happened')
      expect(lines).toEqual([])
      child.warn('x_happened')
      expect(lines.length).toBe(1)
      log.setLevel('debug')
      child.debug('x_happened')
      expect([log.level(), lines.length]).toEqual(['debug', 2])
      log.setLevel('fatal')
      child.error('x_happened')
      expect(lines.length).toBe(2)
    },
  )

  test('do not touch the fields of a line that is not written', () => {
    const { log, lines } = recorded({ level: 'error' })
    log.info('x_happened', {
      get trap(): string {
        throw new Error('was read')
      },
    })
    expect(lines).toEqual([])
  })
})

describe('secrets', () => {
  const canary = 'c4n4ry-of-the-signing-secret'

  verifies('S66', 'are in no line, wherever they hide', () => {
    const places: readonly (() => Record<string, unknown>)[] = [
      () => ({ text: `before ${canary} after` }),
      () => ({ nested: { deep: [{ text: canary }] } }),
      () => ({ [`name ${canary}`]: 1 }),
      () => ({ error: new Error(canary) }),
      () => ({ error: new Error('outer', { cause: new TypeError(canary) }) }),
      () => ({ error: new AppError('INTERNAL', { details: { hint: canary } }) }),
      () => ({ error: new AggregateError([new Error(canary)], 'several') }),
      () => ({ error: Object.assign(new Error('x'), { code: canary }) }),
      () => ({ reason: canary }),
      () => ({ url: `redis://:${canary}@host` }),
      () => ({ secret: new Secret(canary) }),
      () => ({ map: new Map([['a', canary]]), set: new Set([canary]) }),
      () => ({ odd: { toJSON: () => canary } }),
      () => ({ cut: `${'x'.repeat(4_080)}${canary}` }),
      () => ({ many: `${canary} `.repeat(200) }),
    ]
    for (const place of places) {
      const { log, lines } = recorded({ secrets: [canary] })
      log.info('x_happened', place())
      log.child(place()).error('x_happened')
      expect(lines.length).toBe(2)
      for (const line of lines) {
        JSON.parse(line)
        expect(line).not.toContain(canary)
        // Nor a readable beginning of it, where the text was cut inside.
        expect(line).not.toContain(canary.slice(0, 8))
      }
    }
  })

  test('are hidden by the name of their field, but not counts and flags', () => {
    const { log, record } = recorded()
    log.info('x_happened', { bot_token: 'plain', password: ['a'], has_token: true, tokens: 3, cookie: null })
    expect(record()).toMatchObject({
      bot_token: '[redacted]',
      password: '[redacted]',
      has_token: true,
      tokens: 3,
      cookie: null,
    })
  })

  test('leave the JSON whole when they hold quotes', () => {
    const { log, record } = recorded({ secrets: ['a"b\\c"d'] })
    log.info('x_happened', { text: 'x a"b\\c"d y' })
    expect(record()['text']).toBe('x [redacted] y')
  })
})

describe('what others wrote', () => {
  verifies(
    'observe:log:one-line',
    'cannot forge a line or move a terminal, whatever characters it holds',
    () => {
      for (const rendering of [{}, { render: createPrettyRenderer(false) }]) {
        const { log, lines } = recorded(rendering)
        for (let code = 0; code < 500; code++) {
          log.info('x_happened', { text: `a${String.fromCharCode(code)}{"msg":"forged"}` })
        }
        for (const character of ['\u2028', '\u2029', '\u202e', '\u200b', '\u{e0041}', '\ud800']) {
          log.info('x_happened', { [`name${character}`]: character })
        }
        expect(lines.length).toBe(506)
        for (const line of lines) expect(line).toMatch(/^[^\p{Cc}\p{Cf}\u2028\u2029]*\n$/u)
      }
    },
  )

  test('cannot reach the prototype of anything', () => {
    const { log, lines } = recorded()
    log.info(
      'x_happened',
      JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
    )
    expect('polluted' in {}).toBe(false)
    expect(lines[0]).toContain('"__proto__":{"polluted":1}')
  })

  test('cannot make logging throw', () => {
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no keys')
        },
      },
    )
    const { log, lines } = recorded()
    log.info('x_happened', hostile)
    log.info('x_happened', { hostile })
    log.info('x_happened', {
      json: {
        toJSON() {
          throw new Error('no JSON')
        },
      },
    })
    log.child(hostile).info('x_happened', { user: 'ada' })
    expect(lines.map((line) => line.includes('[unreadable]'))).toEqual([true, true, true, true])
  })

  verifies('observe:log:bounded', 'is cut: long text, many items, deep nesting, cycles', () => {
    const { log, lines, record } = recorded()
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    const deep = { a: { a: { a: { a: { a: { a: { a: 1 } } } } } } }
    log.info('x_happened', {
      inside: 'x'.repeat(4_095),
      at: 'x'.repeat(4_096),
      outside: 'x'.repeat(4_097),
      items: Array.from({ length: 51 }, (_, index) => index),
      fields: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`f${index}`, index])),
      cycle,
      deep,
    })
    const fields = record()
    expect(fields['inside']).toHaveLength(4_095)
    expect(fields['at']).toBe('x'.repeat(4_096))
    expect(fields['outside']).toBe(`${'x'.repeat(4_095)}…`)
    expect((fields['items'] as unknown[]).slice(49)).toEqual([49, '[cut]'])
    expect(Object.keys(fields['fields'] as object).slice(49)).toEqual(['f49', '[cut]'])
    expect(fields['cycle']).toEqual({ self: '[circular]' })
    expect(JSON.stringify(fields['deep'])).toBe('{"a":{"a":{"a":{"a":{"a":{"a":"[cut]"}}}}}}')
    expect(lines[0]?.length).toBeLessThan(20_000)
  })
})

describe('errors', () => {
  test('show code, message, component, details, stack and the chain of causes', () => {
    const { log, record } = recorded()
    const cause = Object.assign(new TypeError('connect failed'), { code: 'ECONNREFUSED' })
    log.error('queue_publish_failed', {
      error: new AppError('QUEUE_UNAVAILABLE', { cause, details: { backend: 'redis' } }),
    })
    expect(record()['error']).toEqual({
      type: 'AppError',
      code: 'QUEUE_UNAVAILABLE',
      message: expect.stringContaining('could not be stored'),
      component: 'webhook',
      details: { backend: 'redis' },
      stack: expect.stringContaining('line-logger.test.ts'),
      cause: {
        type: 'TypeError',
        code: 'ECONNREFUSED',
        message: 'connect failed',
        stack: expect.stringContaining('TypeError: connect failed'),
      },
    })
  })

  test('show what an aggregate gathered', () => {
    const { log, record } = recorded()
    log.error('x_failed', { error: new AggregateError([new Error('a'), 'b'], 'several') })
    expect(record()['error']).toMatchObject({ message: 'several', errors: [{ message: 'a' }, 'b'] })
  })

  test('end where the chain of causes bites its tail', () => {
    const { log, record } = recorded()
    const error = new Error('a')
    error.cause = new Error('b', { cause: error })
    log.error('x_failed', { error })
    expect(record()['error']).toMatchObject({ message: 'a', cause: { message: 'b', cause: '[circular]' } })
  })
})

describe('pretty', () => {
  test('shows level, event and fields on one line, without what is the same on every line', () => {
    const { log, lines } = recorded({ render: createPrettyRenderer(false) })
    log.info('webhook_event_received', { event_type: 'message' })
    expect(lines[0]).toMatch(
      /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: webhook_event_received \{"event_type":"message"\}\n$/,
    )
  })

  test('shows the stack of an error below its line, indented, so that a line feed in a message forges nothing', () => {
    const { log, lines } = recorded({ render: createPrettyRenderer(false) })
    log.error('x_failed', { error: new Error('boom\n[00:00:00.000] INFO: forged') })
    const [first, ...below] = (lines[0] ?? '').trimEnd().split('\n')
    expect(first).toContain('ERROR: x_failed {"error":{"type":"Error","message":"boom\\n')
    expect(below[0]).toBe('    Error: boom')
    expect(below.every((line) => line.startsWith('    '))).toBe(true)
  })

  test('colours only when asked to', () => {
    const ansi = String.fromCharCode(27)
    const plain = recorded({ render: createPrettyRenderer(false) })
    plain.log.info('x_happened')
    const coloured = recorded({ render: createPrettyRenderer(true) })
    coloured.log.info('x_happened')
    expect([plain.lines[0]?.includes(ansi), coloured.lines[0]?.includes(ansi)]).toEqual([false, true])
  })
})

test('two loggers in one process share nothing', () => {
  const first = recorded({ level: 'error' })
  const second = recorded({ level: 'debug' })
  second.log.debug('x_happened')
  first.log.debug('x_happened')
  expect([first.lines.length, second.lines.length]).toEqual([0, 1])
})
