import type { ServerIdentity } from '../mcp/registry.ts'

/** A speech bubble with three dots: text, so that it can be read here, and small, since it travels with every introduction. */
const drawing =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="#4A154B" d="M2 4h20v13H11l-5 4v-4H2z"/>' +
  '<path fill="#fff" d="M6 9h3v3H6zm5 0h3v3h-3zm5 0h3v3h-3z"/></svg>'

/** The icon that clients show beside the server; tools have none. Inline, because a server that nobody can reach from outside has no address for it. */
export const serverIcon: NonNullable<ServerIdentity['icon']> = {
  src: `data:image/svg+xml;base64,${btoa(drawing)}`,
  mimeType: 'image/svg+xml',
}
