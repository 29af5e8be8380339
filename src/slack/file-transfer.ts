import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { isLoopbackHost } from '../base/ip-address.ts'
import type { Secret } from '../base/secret.ts'
import { createDeadline } from '../resilience/deadline.ts'
import type { SlackFetch } from './exchange.ts'
import { readLimited } from './limited-body.ts'

/** The bytes of files in Slack, which travel beside the Web API. */
export interface SlackFiles {
  /**
   * The content behind a file's `url_private`, at most `bytesMax` of it. Rejects with SLACK_REFUSED (`file_not_accessible`),
   * SLACK_UNAVAILABLE or CALL_CANCELLED.
   */
  download(url: string, bytesMax: number, signal: AbortSignal): Promise<FileContent>
  /** Sends bytes to an upload address that Slack gave out; rejects likewise. The address is the permission: no token goes with it. */
  upload(url: string, bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<void>
}

export interface FileContent {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Whether the file is longer than what was read. */
  readonly isCut: boolean
}

export interface SlackFilesDeps {
  readonly clock: Clock
  readonly fetch: SlackFetch
  /** The token as it is now: it may be replaced while the process runs. */
  readonly token: () => Secret | undefined
  /** Base URL of the Web API: its file host goes with it; a double on loopback serves its files itself. */
  readonly apiUrl: string
}

/** A file is larger than an answer of the Web API, so it may take longer. */
const transferTimeoutMs = 30_000

/**
 * Fetches and sends files. The token is only ever sent to the file host of the configured Slack, never to a path of the Web API (which has
 * been made to echo it), and never along a redirect (T24–T26).
 */
export function createSlackFiles(deps: SlackFilesDeps): SlackFiles {
  const isFileAddress = fileAddressCheck(deps.apiUrl)
  return {
    async download(address, bytesMax, signal) {
      const url = requireAddress(address, isFileAddress)
      const token = deps.token()
      if (token === undefined) throw new AppError('SLACK_AUTH_FAILED')
      const headers = { authorization: `Bearer ${token.reveal()}` }
      return await transfer(deps, url, { method: 'GET', headers }, signal, (response) =>
        readContent(response, bytesMax),
      )
    },
    async upload(address, bytes, signal) {
      const url = requireAddress(address, isFileAddress)
      await transfer(deps, url, { method: 'POST', body: bytes }, signal, async (response) => {
        await response.body?.cancel()
      })
    },
  }
}

async function transfer<Result>(
  { clock, fetch }: SlackFilesDeps,
  url: string,
  init: RequestInit,
  signal: AbortSignal,
  read: (response: Response) => Promise<Result>,
): Promise<Result> {
  const deadline = createDeadline({ clock, afterMs: transferTimeoutMs, signal })
  try {
    const response = await fetch(url, { ...init, redirect: 'error', signal: deadline.signal })
    if (response.status === 200) return await read(response)
    await response.body?.cancel()
    throw response.status >= 500 ? new AppError('SLACK_UNAVAILABLE') : notAccessible()
  } catch (error) {
    if (error instanceof AppError) throw error
    throw signal.aborted
      ? new AppError('CALL_CANCELLED', { cause: error })
      : new AppError('SLACK_UNAVAILABLE', { cause: error })
  } finally {
    deadline.dispose()
  }
}

async function readContent(response: Response, bytesMax: number): Promise<FileContent> {
  // Without permission Slack answers 200 with its sign-in page.
  const isPage = response.headers.get('content-type')?.startsWith('text/html') === true
  const isAttachment = response.headers.get('content-disposition')?.startsWith('attachment') === true
  if (isPage && !isAttachment) {
    await response.body?.cancel()
    throw notAccessible()
  }
  return await readLimited(response.body, bytesMax)
}

function notAccessible(): AppError {
  return new AppError('SLACK_REFUSED', { details: { slack_error: 'file_not_accessible' } })
}

function requireAddress(address: string, isFileAddress: (url: URL) => boolean): string {
  const url = URL.parse(address)
  if (url === null || !isFileAddress(url)) throw notAccessible()
  return url.href
}

function fileAddressCheck(apiUrl: string): (url: URL) => boolean {
  const api = new URL(apiUrl)
  if (isLoopbackHost(api.hostname)) {
    return (url) => url.origin === api.origin && !url.pathname.startsWith(api.pathname)
  }
  // slack.com keeps its files at files.slack.com, slack-gov.com at files.slack-gov.com.
  const host = `files.${api.hostname}`
  return (url) => url.protocol === 'https:' && url.host === host && url.username === '' && url.password === ''
}
