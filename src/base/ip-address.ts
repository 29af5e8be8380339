/** The version of a plain address without brackets and zone; undefined for what is none. `127.1` and `0x7f.1` are none. */
export function ipVersion(text: string): 4 | 6 | undefined {
  const parts = text.split('.')
  if (parts.length === 4 && parts.every(isOctet)) return 4
  // The URL standard takes nothing but an IPv6 address between brackets.
  return /^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text) && URL.canParse(`http://[${text}]`) ? 6 : undefined
}

/**
 * Whether a bind address or the host of a URL reaches this machine alone: `localhost`, names below it (RFC 6761), 127.0.0.0/8 and ::1.
 * Takes IPv6 with or without brackets.
 */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  return name === '::1' || (ipVersion(name) === 4 && name.startsWith('127.'))
}

function isOctet(text: string): boolean {
  return /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= 255
}
