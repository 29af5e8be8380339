import { dlopen, FFIType, ptr } from 'bun:ffi'

/** Stands where systemd does: a datagram socket of the Unix domain that notices are sent to. */
export interface NotifyReceiver {
  /** The next notice. Waits for it, and so holds the event loop: for notices of another process, or such that were sent. Throws after 20 s. */
  receive(): string
  close(): void
}

const linux = { familyUnix: 1, datagram: 2, socketLevel: 1, receiveTimeout: 20 } as const
const waitSeconds = 20
const noticeBytesMax = 4096

/** Listens at a path, or at `@name` in the abstract namespace. */
export function openNotifyReceiver(address: string): NotifyReceiver {
  const { symbols, close } = dlopen('libc.so.6', {
    socket: { args: [FFIType.int, FFIType.int, FFIType.int], returns: FFIType.int },
    bind: { args: [FFIType.int, FFIType.ptr, FFIType.u32], returns: FFIType.int },
    setsockopt: {
      args: [FFIType.int, FFIType.int, FFIType.int, FFIType.ptr, FFIType.u32],
      returns: FFIType.int,
    },
    recv: { args: [FFIType.int, FFIType.ptr, FFIType.u64, FFIType.int], returns: FFIType.i64 },
    close: { args: [FFIType.int], returns: FFIType.int },
  })
  const descriptor = symbols.socket(linux.familyUnix, linux.datagram, 0)
  const path = Buffer.from(address.replace(/^@/, '\0'))
  const name = Buffer.concat([Buffer.from(Uint16Array.of(linux.familyUnix).buffer), path])
  const timeout = BigInt64Array.of(BigInt(waitSeconds), 0n)
  symbols.setsockopt(descriptor, linux.socketLevel, linux.receiveTimeout, ptr(timeout), timeout.byteLength)
  if (symbols.bind(descriptor, ptr(name), name.length) !== 0) throw new Error(`cannot bind ${address}`)
  return {
    receive() {
      const buffer = Buffer.alloc(noticeBytesMax)
      const length = Number(symbols.recv(descriptor, ptr(buffer), buffer.length, 0))
      if (length < 0) throw new Error('No notice came in time')
      return buffer.toString('utf8', 0, length)
    },
    close() {
      symbols.close(descriptor)
      close()
    },
  }
}
