import { describe, expect, test } from 'bun:test'
import { parseTraceContext, renderTraceContext } from '../../../src/observe/trace-context.ts'
import { verifies } from '../../support/verifies.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const parent = `00-${traceId}-${spanId}-01`
const known = { traceId, spanId, isSampled: true }

describe('traceparent', () => {
  verifies('traces:context', "the standard's examples are read", () => {
    expect(parseTraceContext(parent)).toEqual(known)
    expect(parseTraceContext(`00-${traceId}-${spanId}-00`)).toEqual({ ...known, isSampled: false })
    // Other flags are for later versions: only the lowest bit is looked at.
    expect(parseTraceContext(`00-${traceId}-${spanId}-09`)).toEqual(known)
    expect(parseTraceContext(`00-${traceId}-${spanId}-08`)).toEqual({ ...known, isSampled: false })
  })

  verifies('traces:context', 'a later version may have more, this one may not', () => {
    expect(parseTraceContext(`cc-${traceId}-${spanId}-01`)).toEqual(known)
    expect(parseTraceContext(`cc-${traceId}-${spanId}-01-what-the-future-will-be`)).toEqual(known)
    expect(parseTraceContext(`cc-${traceId}-${spanId}-01.what`)).toBeUndefined()
    expect(parseTraceContext(`${parent}-what`)).toBeUndefined()
    expect(parseTraceContext(`ff-${traceId}-${spanId}-01`)).toBeUndefined()
  })

  for (const [what, text] of Object.entries({
    nothing: undefined,
    'the empty text': '',
    null: null,
    'a number': 1,
    'a list': [parent],
    'no trace': `00-${'0'.repeat(32)}-${spanId}-01`,
    'no span': `00-${traceId}-${'0'.repeat(16)}-01`,
    capitals: parent.toUpperCase(),
    'a trace id that is too short': `00-${traceId.slice(1)}-${spanId}-01`,
    'a trace id that is too long': `00-${traceId}0-${spanId}-01`,
    'a span id that is too short': `00-${traceId}-${spanId.slice(1)}-01`,
    'flags of one digit': `00-${traceId}-${spanId}-1`,
    'flags of three digits': `00-${traceId}-${spanId}-011`,
    'no flags': `00-${traceId}-${spanId}`,
    'a blank before it': ` ${parent}`,
    'a line feed behind it': `${parent}\n`,
    'two headers, as they are joined': `${parent}, ${parent}`,
    'a digit of another script': parent.replace('4', '\u0664'),
    'more than anybody would send': `cc-${traceId}-${spanId}-01-${'x'.repeat(300)}`,
  })) {
    verifies('traces:context', `${what} is no context`, () => {
      expect(parseTraceContext(text)).toBeUndefined()
    })
  }
})

describe('tracestate', () => {
  const stateOf = (text: unknown) => parseTraceContext(parent, text)?.state

  verifies('traces:context', 'members are kept in their order, without the blanks between them', () => {
    expect(stateOf('rojo=00f067aa0ba902b7,congo=t61rcWkgMzE')).toBe('rojo=00f067aa0ba902b7,congo=t61rcWkgMzE')
    expect(stateOf('rojo=1 , \tcongo=2,,')).toBe('rojo=1,congo=2')
    expect(stateOf('fw529a3039@dt=FfAAAAECAwQ, a=with blanks!')).toBe(
      'fw529a3039@dt=FfAAAAECAwQ,a=with blanks!',
    )
  })

  for (const [what, text] of Object.entries({
    'the empty text': '',
    'a number': 5,
    'a member without a value': 'rojo',
    'an empty value': 'rojo=',
    'an empty key': '=1',
    'a key in capitals': 'Rojo=1',
    'a key twice': 'rojo=1,congo=2,rojo=3',
    'a value with an equals sign': 'rojo=1=2',
    'a line feed': 'rojo=1\ncongo: 2',
    'another script': 'rojo=é',
    'more than 32 members': Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(','),
    'more than 512 characters': `rojo=${'1'.repeat(508)}`,
  })) {
    verifies('traces:context', `${what} is left out, and the parent stays`, () => {
      expect(parseTraceContext(parent, text)).toEqual(known)
    })
  }

  verifies('traces:context', '32 members and 512 characters are taken', () => {
    const members = Array.from({ length: 32 }, (_, index) => `k${index}=1`).join(',')
    expect(stateOf(members)).toBe(members)
    const long = `a=${'1'.repeat(250)},b=${'2'.repeat(256)}x`
    expect(long).toHaveLength(512)
    expect(stateOf(long)).toBeUndefined()
    const longest = `a=${'1'.repeat(252)},b=${'2'.repeat(254)}`
    expect(longest).toHaveLength(511)
    expect(stateOf(longest)).toBe(longest)
  })
})

test('what is written is read again', () => {
  for (const context of [known, { ...known, isSampled: false }, { ...known, state: 'rojo=1,congo=2' }]) {
    const { traceparent, tracestate } = renderTraceContext(context)
    expect(parseTraceContext(traceparent, tracestate)).toEqual(context)
  }
})
