import type { AppError, ErrorCode } from './errors.ts'

/**
 * Whoever holds many half-sent bodies must not hold the connections too; a server that goes away would refuse the next request as well; and where
 * the form of a request is in doubt, so is where the next one on its connection begins (T8).
 */
const endsConnection: ReadonlySet<ErrorCode> = new Set(['OVERLOADED', 'SHUTTING_DOWN', 'REQUEST_INVALID'])

/**
 * The headers of every answer that is an error, over whatever protocol: kept by no cache, since the next request may fare better, taken for
 * nothing but what its type says, with the methods that the path takes where the method was the mistake (RFC 9110, 15.5.6), and with the end of
 * the connection where that has to end.
 */
export function commonErrorHeaders({
  code,
  details,
}: Pick<AppError, 'code' | 'details'>): Record<string, string> {
  const { allow } = details
  return {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(typeof allow === 'string' ? { allow } : {}),
    ...(endsConnection.has(code) ? { connection: 'close' } : {}),
  }
}
