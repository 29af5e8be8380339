import { Secret } from '../base/secret.ts'
import type { ReadFile, SourceFault } from './config-sources.ts'
import { type TokenPolicy, tokenFault } from './secret-types.ts'

/** The policies with the tokens that their `token_file` holds, and what is wrong with those files. */
export function readTokenFiles(
  policies: readonly TokenPolicy[],
  readFile: ReadFile,
): { readonly policies: readonly TokenPolicy[]; readonly faults: readonly SourceFault[] } {
  const faults: SourceFault[] = []
  const filled = policies.map((policy) => {
    if (policy.tokenFile === undefined) return policy
    const token = readToken(policy.tokenFile, readFile)
    if (token instanceof Secret) return { ...policy, token }
    faults.push({ message: token, from: `file ${policy.tokenFile} (token_file of "${policy.name}")` })
    return policy
  })
  return { policies: filled, faults }
}

/** The token, or what is wrong. */
function readToken(path: string, readFile: ReadFile): Secret | string {
  const file = readFile(path)
  if (file.kind === 'missing') return 'the file does not exist'
  if (file.kind === 'unreadable') return `the file cannot be read: ${file.reason}`
  const text = file.text.trim()
  return tokenFault(text) ?? new Secret(text)
}
