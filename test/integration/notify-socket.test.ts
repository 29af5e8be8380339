import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNotifySocket } from '../../src/cli/notify-socket.ts'
import { openNotifyReceiver } from '../support/notify-receiver.ts'

const folder = mkdtempSync(join(tmpdir(), 'notify-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** sun_path has 108 bytes. */
const longest = (byteCount: number) => join(folder, 'x'.repeat(byteCount - folder.length - 1))

describe.skipIf(process.platform !== 'linux')('a notify socket', () => {
  test.each([
    ['a path', join(folder, 'notify')],
    ['a name in the abstract namespace', `@notify-test-${process.pid}`],
    ['the longest path that there is', longest(108)],
  ])('reaches %s', (_says: string, address: string) => {
    const receiver = openNotifyReceiver(address)
    const socket = openNotifySocket(address)
    try {
      expect(socket?.send('READY=1\nSTATUS=grüezi')).toBe(true)
      expect(socket?.send('STOPPING=1')).toBe(true)
      expect([receiver.receive(), receiver.receive()]).toEqual(['READY=1\nSTATUS=grüezi', 'STOPPING=1'])
    } finally {
      socket?.close()
      receiver.close()
    }
  })

  test('says that nobody listens', () => {
    const socket = openNotifySocket(join(folder, 'nobody'))
    expect(socket?.send('READY=1')).toBe(false)
    socket?.close()
  })

  test('does not wait for a reader that is behind', () => {
    const address = `@notify-full-${process.pid}`
    const receiver = openNotifyReceiver(address)
    const socket = openNotifySocket(address)
    const results = Array.from({ length: 2000 }, () => socket?.send('WATCHDOG=1'))
    expect([results.at(0), results.at(-1)]).toEqual([true, false])
    socket?.close()
    receiver.close()
  })

  test.each([[longest(109)], ['relative/path'], ['vsock:2:1234'], ['@'], ['']])(
    'is not opened to %j',
    (address) => {
      expect(openNotifySocket(address)).toBeUndefined()
    },
  )
})
