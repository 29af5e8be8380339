import { file, connect as openSocket, RedisClient, type TLSOptions } from 'bun'
import { asRedisFailure, RedisFailure, redisFailure } from './redis-failure.ts'
import type { RedisArgument, RedisReply } from './redis-reply.ts'
import type { RedisTarget } from './redis-url.ts'

/** One connection, from its opening to its end: it never reconnects and never queues while it is not connected. */
export interface RedisConnection {
  /** Replies come in the order of the calls; calls of one event-loop turn share one write. Rejects with RedisFailure alone. */
  send(command: string, args: readonly RedisArgument[]): Promise<RedisReply>
  /** Rejects what is unanswered. Safe to call twice. */
  close(): void
  /** Resolves when the connection has ended, whoever ended it. Never rejects. */
  readonly closed: Promise<void>
}

export interface RedisOpenOptions {
  readonly target: RedisTarget
  /** For the TCP and TLS handshakes and the greeting together, milliseconds. */
  readonly connectTimeoutMs: number
  /** PEM certificates of the authority that signed the server's; the system's list where absent. */
  readonly tlsCa?: string | undefined
}

/**
 * The certificates of a PEM file. Read for each connection: authorities are replaced while servers run. Rejects with a RedisFailure where it
 * holds none.
 */
export async function readTlsCa(path: string): Promise<string> {
  const text = await file(path)
    .text()
    .catch((cause: unknown) =>
      Promise.reject(new RedisFailure('no-authority', `the file cannot be read (${codeOf(cause)})`, cause)),
    )
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw new RedisFailure('no-authority', 'the file holds no certificate in PEM form')
}

/** Resolves once Redis accepted the credentials. Rejects with a RedisFailure that says why not. */
export type OpenRedis = (options: RedisOpenOptions) => Promise<RedisConnection>

/**
 * Opens one connection with Bun's client, its own reconnecting switched off: it gives up for good after 20 tries, and its offline queue runs
 * commands whose callers were answered long ago. A fresh client for each connection also rules out replies that belong to the one before.
 */
export const openRedis: OpenRedis = async (options) => {
  const client = new RedisClient(options.target.url.reveal(), {
    autoReconnect: false,
    enableOfflineQueue: false,
    connectionTimeout: options.connectTimeoutMs,
    ...(options.target.isTls ? { tls: tlsOptions(options) } : {}),
  })
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>()
  client.onclose = () => onClosed()
  try {
    await client.connect()
  } catch (cause) {
    client.close()
    throw redisFailure('unreachable', cause)
  }
  return {
    async send(command, args) {
      try {
        // The declared type is string[]; the client writes the bytes of a Uint8Array as they are (test/contract/redis-layout.test.ts).
        return await client.send(command, args as string[])
      } catch (cause) {
        throw failureOf(cause)
      }
    },
    close() {
      client.close()
      onClosed()
    },
    closed,
  }
}

/** The name to verify is the host of the URL, which both clients take by themselves. */
function tlsOptions({ tlsCa }: RedisOpenOptions): TLSOptions {
  return { rejectUnauthorized: true, ...(tlsCa === undefined ? {} : { ca: tlsCa }) }
}

/** Bun's client marks error replies by their code; everything else it throws means that the connection is no more. */
function failureOf(thrown: unknown): RedisFailure {
  if (!(thrown instanceof Error)) return redisFailure('unreachable', thrown)
  const code = 'code' in thrown ? thrown.code : undefined
  if (code === 'ERR_REDIS_SERVER_ERROR') return asRedisFailure(thrown.message)
  return redisFailure('unreachable', thrown)
}

/**
 * Says why a connection cannot be opened. Bun's client answers "Connection closed" to a wrong password, a refused port and a bad certificate
 * alike, so that an operator could not tell them apart; this asks once more on a plain socket and reads Redis' first line.
 */
export async function diagnoseRedis(options: RedisOpenOptions): Promise<RedisFailure> {
  const { promise, resolve } = Promise.withResolvers<RedisFailure>()
  const { target } = options
  try {
    const socket = await openSocket({
      hostname: target.host,
      port: target.port,
      ...(target.isTls ? { tls: tlsOptions(options) } : {}),
      socket: {
        open: (opened) => void opened.write(greeting(target)),
        data: (_, bytes) => resolve(failureOfGreeting(bytes.toString('latin1'))),
        handshake: (_, isTrusted, error) => {
          if (!isTrusted) resolve(new RedisFailure('unreachable', `TLS with Redis failed (${codeOf(error)})`))
        },
        close: () => resolve(redisFailure('unreachable')),
        timeout: () => resolve(redisFailure('timeout')),
      },
    })
    socket.timeout(Math.ceil(options.connectTimeoutMs / 1_000))
    try {
      return await promise
    } finally {
      socket.terminate()
    }
  } catch (cause) {
    return new RedisFailure('unreachable', `Redis cannot be reached (${codeOf(cause)})`, cause)
  }
}

function greeting({ username, password }: RedisTarget): string {
  const words = ['HELLO', '3', ...(password === undefined ? [] : ['AUTH', username, password.reveal()])]
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`
}

function failureOfGreeting(reply: string): RedisFailure {
  if (reply.startsWith('-')) return asRedisFailure(reply.slice(1))
  return reply.startsWith('%') || reply.startsWith('*')
    ? redisFailure('unreachable')
    : new RedisFailure('unreachable', 'What answers at the address of REDIS_URL is not Redis')
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown reason'
}
