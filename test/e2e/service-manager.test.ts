import { describe, expect } from 'bun:test'
import { join } from 'node:path'
import { startServer } from '../support/binary.ts'
import { openNotifyReceiver } from '../support/notify-receiver.ts'
import { verifies } from '../support/verifies.ts'

describe.skipIf(process.platform !== 'linux')('under systemd', () => {
  verifies(
    'S99',
    'the binary says that it listens, that its loop turns, and that it stops',
    async () => {
      const address = `@service-manager-${process.pid}`
      const receiver = openNotifyReceiver(address)
      const { child, url } = await startServer({
        env: { NOTIFY_SOCKET: address, WATCHDOG_USEC: '200000' },
      })
      try {
        expect(receiver.receive()).toBe(`READY=1\nSTATUS=Listening on ${url}`)
        expect([receiver.receive(), receiver.receive()]).toEqual(['WATCHDOG=1', 'WATCHDOG=1'])
        child.signal('SIGTERM')
        let notice = receiver.receive()
        while (notice === 'WATCHDOG=1') notice = receiver.receive()
        expect(notice).toStartWith('STOPPING=1\n')
        expect(await child.exited).toBe(0)
      } finally {
        await child[Symbol.asyncDispose]()
        receiver.close()
      }
    },
    60_000,
  )

  verifies(
    'cli:sd-notify',
    'a service manager that is not there is mentioned, and no reason not to serve',
    async () => {
      const { child, url } = await startServer({ env: { NOTIFY_SOCKET: join('/nowhere', 'notify') } })
      try {
        expect((await fetch(`${url}/livez`)).status).toBe(200)
        expect(child.stdout.logged('service_notify_failed')).toHaveLength(1)
        expect(await child.stop()).toBe(0)
      } finally {
        await child[Symbol.asyncDispose]()
      }
    },
  )
})
