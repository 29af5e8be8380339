import { dlopen, FFIType, ptr } from 'bun:ffi'
import type { NotifySocket } from './service-notifier.ts'

/** From the headers of Linux, alike on every architecture that Bun runs on. */
const linux = {
  addressFamilyUnix: 1,
  datagram: 2,
  closeOnExec: 0o2000000,
  doNotWait: 0x40,
  noSignal: 0x4000,
  clockMonotonic: 1,
  /** sizeof sun_path in sockaddr_un. */
  pathBytesMax: 108,
} as const

const familyBytes = 2

/**
 * Opens a socket to NOTIFY_SOCKET, which is a path or, after `@`, a name in the abstract namespace. undefined where the address is of another kind or
 * the system has no such sockets: a server that cannot say that it is ready should serve all the same. Neither node:dgram nor Bun's own sockets
 * know datagrams of the Unix domain, hence libc.
 */
export function openNotifySocket(address: string): NotifySocket | undefined {
  const socketAddress = asSocketAddress(address)
  const libc = socketAddress === undefined ? undefined : openLibc()
  if (socketAddress === undefined || libc === undefined) return undefined
  const { socket, sendto, close } = libc.symbols
  const descriptor = socket(linux.addressFamilyUnix, linux.datagram | linux.closeOnExec, 0)
  return {
    send(text) {
      if (descriptor < 0) return false
      const bytes = Buffer.from(text)
      // Not waiting: a service manager that does not read must not hold the event loop.
      const flags = linux.doNotWait | linux.noSignal
      const sent = sendto(
        descriptor,
        ptr(bytes),
        bytes.length,
        flags,
        ptr(socketAddress),
        socketAddress.length,
      )
      return Number(sent) === bytes.length
    },
    monotonicMicroseconds() {
      // struct timespec: two longs, of eight bytes on every architecture that Bun runs on.
      const time = new BigInt64Array(2)
      libc.symbols.clock_gettime(linux.clockMonotonic, ptr(time))
      const [seconds = 0n, nanoseconds = 0n] = time
      return seconds * 1_000_000n + nanoseconds / 1_000n
    },
    close() {
      if (descriptor >= 0) close(descriptor)
      libc.close()
    },
  }
}

function openLibc() {
  try {
    return dlopen('libc.so.6', {
      socket: { args: [FFIType.int, FFIType.int, FFIType.int], returns: FFIType.int },
      sendto: {
        args: [FFIType.int, FFIType.ptr, FFIType.u64, FFIType.int, FFIType.ptr, FFIType.u32],
        returns: FFIType.i64,
      },
      close: { args: [FFIType.int], returns: FFIType.int },
      clock_gettime: { args: [FFIType.int, FFIType.ptr], returns: FFIType.int },
    })
  } catch {
    // Another libc, or no JIT to make the calls with (MemoryDenyWriteExecute=).
    return undefined
  }
}

/** A sockaddr_un: the family in the machine's byte order, then the path, whose length the call gives. */
function asSocketAddress(address: string): Uint8Array | undefined {
  if (!/^[/@]./.test(address)) return undefined
  const path = Buffer.from(address.startsWith('@') ? `\0${address.slice(1)}` : address)
  if (path.length > linux.pathBytesMax) return undefined
  const bytes = Buffer.alloc(familyBytes + path.length)
  bytes.set(new Uint8Array(Uint16Array.of(linux.addressFamilyUnix).buffer))
  bytes.set(path, familyBytes)
  return bytes
}
