/** The bytes of files in Slack, fetched and sent outside the Web API. Implemented beside the client, which knows the token. */
export interface SlackFiles {
  /**
   * The content behind a file's `url_private`. Only `https://files.slack.com` (or the host of the configured API where that is a double) is
   * asked, redirects are not followed, at most `bytesMax` are read. Rejects with SLACK_REFUSED, SLACK_UNAVAILABLE or CALL_CANCELLED.
   */
  download(url: string, bytesMax: number, signal: AbortSignal): Promise<FileContent>
  /** Sends bytes to an upload URL that Slack gave out. The same rules for the host; rejects likewise. */
  upload(url: string, bytes: Uint8Array, signal: AbortSignal): Promise<void>
}

export interface FileContent {
  readonly bytes: Uint8Array
  /** Whether the file is longer than what was read. */
  readonly isCut: boolean
  readonly mimeType: string | undefined
}
