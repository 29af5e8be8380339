/** What the image and everybody who runs it agree about. */

/** Listens on every address: in a container the others are outside. */
export const containerHost = '0.0.0.0'

/** The user of distroless images named `nonroot`. */
export const containerUserId = 65_532

/** Where a volume for STATE_DIR goes; the image has the folder, owned by its user. */
export function containerStateDir(program: string): string {
  return `/var/lib/${program}`
}
