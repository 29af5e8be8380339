import type { AppError } from './errors.ts'

/**
 * The headers of every answer that is an error, over whatever protocol: kept by no cache, since the next request may fare better, taken for
 * nothing but what its type says, and with the methods that the path takes where the method was the mistake (RFC 9110, 15.5.6).
 */
export function commonErrorHeaders({ details }: Pick<AppError, 'details'>): Record<string, string> {
  const { allow } = details
  return {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(typeof allow === 'string' ? { allow } : {}),
  }
}
