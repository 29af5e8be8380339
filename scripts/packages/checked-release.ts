/** A release for this machine that the checks look at. */
export interface CheckedRelease {
  /** With `.ci/run`'s own release in it. */
  readonly folder: string
  /** Where the checks may unpack and install. */
  readonly scratch: string
  /** How the files of this machine's target begin: `slack-integrated-server-1.0.0-linux-x64`. */
  readonly stem: string
  /** What the binary says about itself, with the line feed. */
  readonly version: string
}

/** Credentials that pass every check of their form and belong to nobody, and no Slack to send them to. */
export const checkCredentials = {
  SLACK_BOT_TOKEN: 'xoxb-111111111111-222222222222-abcdefghijklmnopqrstuvwx',
  SLACK_SIGNING_SECRET: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
  SLACK_API_URL: 'http://127.0.0.1:9/api/',
} as const
