import { join } from 'node:path'

/** Where a key and its certificate lie. */
export interface CertificateFiles {
  readonly keyPath: string
  readonly certPath: string
}

/** Makes a certificate for `host`, which nobody trusts who looks at it, in `directory`. Throws where openssl makes none. */
export function makeCertificate(directory: string, host: string): CertificateFiles {
  const keyPath = join(directory, 'key.pem')
  const certPath = join(directory, 'cert.pem')
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const { success, stderr } = Bun.spawnSync([
    ...['openssl', 'req', ...kind, '-subj', `/CN=${host}`],
    ...['-keyout', keyPath, '-out', certPath],
  ])
  if (!success) throw new Error(`No certificate was made: ${stderr}`)
  return { keyPath, certPath }
}
