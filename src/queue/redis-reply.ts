import { RedisFailure } from './redis-failure.ts'

/** A reply as Bun's client hands it out: RESP3 maps are objects, bulk strings are decoded as UTF-8. */
export type RedisReply =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly RedisReply[]
  | { readonly [field: string]: RedisReply }

/** What a command takes: text, or bytes that arrive as they are. */
export type RedisArgument = string | Uint8Array

/** Throws RedisFailure `refused` when the reply is of another shape: nothing deeper re-checks it. */
export function asList(reply: RedisReply | undefined): readonly RedisReply[] {
  if (isList(reply)) return reply
  throw unexpected('a list', reply)
}

export function asText(reply: RedisReply | undefined): string {
  if (typeof reply === 'string') return reply
  throw unexpected('text', reply)
}

export function asNumber(reply: RedisReply | undefined): number {
  if (typeof reply === 'number') return reply
  throw unexpected('a number', reply)
}

function isList(reply: RedisReply | undefined): reply is readonly RedisReply[] {
  return Array.isArray(reply)
}

function unexpected(wanted: string, reply: RedisReply | undefined): RedisFailure {
  const got = reply === null ? 'null' : isList(reply) ? 'a list' : typeof reply
  return new RedisFailure('refused', `Redis answered ${got} instead of ${wanted}`)
}
