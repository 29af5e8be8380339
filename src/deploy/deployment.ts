/** What the files are made for. */
export interface Deployment {
  /** The name of the binary, which also names users' files and folders. */
  readonly program: string
  /** Reference of the container image. */
  readonly image: string
  /** URL under which Slack and clients reach the server; undefined where nobody has said yet. */
  readonly publicUrl: string | undefined
}

/** Renders one file. It ends with a line feed. */
export type Template = (deployment: Deployment) => string
