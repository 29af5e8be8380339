const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left',
  EDQUOT: 'the quota is used up',
  ENOTDIR: 'a part of the path is no directory',
  EISDIR: 'it is a directory',
  EEXIST: 'another process is writing it',
}

/** What the system calls a failure (ENOENT); undefined where it was not the system that failed. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

/** Why the system refused, in words where its code is a usual one. */
export function systemReason(error: unknown): string {
  const code = systemCode(error) ?? 'unknown error'
  return reasons[code] ?? code
}
