import { describe, expect, test } from 'bun:test'
import { parseCpuSeconds, parseResidentBytes } from '../../bench/process-figures.ts'

describe('what /proc says of a process', () => {
  test('its CPU is user and system together, whatever its name holds', () => {
    const rest = 'S 1 4242 4242 0 -1 4194304 1200 0 3 0 250 75 11 12 20 0 9 0 500 90000000 15000'
    expect(parseCpuSeconds(`4242 (bun) ${rest}`)).toBe(3.25)
    expect(parseCpuSeconds(`4242 (a) S (b c) ${rest}`)).toBe(3.25)
  })

  test('its resident memory is in bytes', () => {
    expect(parseResidentBytes('Name:\tbun\nVmRSS:\t   61440 kB\nThreads:\t9\n')).toBe(60 * 1024 * 1024)
  })

  test('anything else is refused', () => {
    expect(() => parseCpuSeconds('')).toThrow(TypeError)
    expect(() => parseResidentBytes('Name:\tbun\n')).toThrow(TypeError)
  })
})
