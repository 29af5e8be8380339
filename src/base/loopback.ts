/**
 * Whether a bind address or the host of a URL reaches this machine alone: `localhost`, names below it (RFC 6761), 127.0.0.0/8 and ::1.
 * Takes IPv6 with or without brackets. An allow-list of plain spellings: `0x7f.1` and `127.1` are not among them.
 */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  return name === '::1' || isLoopbackAddress(name)
}

function isLoopbackAddress(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts[0] === '127' && parts.every(isOctet)
}

function isOctet(text: string): boolean {
  return /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= 255
}
