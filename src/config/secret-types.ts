import { Type } from '@sinclair/typebox'
import { Secret } from '../base/secret.ts'
import { decoded } from './plain-types.ts'

/**
 * Option types that hold credentials. A decoder refuses by throwing an Error whose message says what is wrong; it never quotes the value.
 */

/** Shorter bearer tokens can be guessed (D3). */
export const tokenCharactersMin = 32

/** Goes into an HTTP header or is an HMAC key: printable, without blanks. */
const secretText = () => Type.String({ pattern: '^[\\x21-\\x7e]+$' })

/** A token of the Slack Web API. */
export const slackToken = () =>
  decoded(secretText(), (text) => {
    if (text.startsWith('xapp-')) {
      throw new Error('this is an app-level token (xapp-), which the Web API does not take')
    }
    return new Secret(text)
  })

/** One or more signing secrets: while one is being replaced, both are accepted. */
export const signingSecrets = () =>
  decoded(Type.Array(secretText(), { default: [] }), (texts): readonly Secret[] => {
    if (texts.some((text) => /^x(ox|app)/.test(text))) {
      throw new Error('this is a token (xox…, xapp-…), not the signing secret of the app')
    }
    return texts.map((text) => new Secret(text))
  })

/** A bearer token of the operator's own making, long enough not to be guessed. */
export const bearerToken = () =>
  decoded(secretText(), (text) => {
    refuse(tokenFault(text))
    return new Secret(text)
  })

/** A bearer token and the name that its bearer has in logs. */
export interface NamedToken {
  readonly name: string
  readonly token: Secret
}

const tokenNamePattern = '^[A-Za-z0-9._-]{1,64}$'

/** `name:token` each; a bare token is named `default`. */
export const namedTokens = () =>
  decoded(Type.Array(secretText(), { default: [] }), (texts): readonly NamedToken[] => {
    const tokens = texts.map(asNamedToken)
    assertDistinctNames(tokens)
    return tokens
  })

function asNamedToken(text: string): NamedToken {
  const colon = text.indexOf(':')
  const name = colon < 0 ? 'default' : text.slice(0, colon)
  const token = text.slice(colon + 1)
  if (!new RegExp(tokenNamePattern).test(name)) {
    throw new Error('the name before a token is 1 to 64 of A-Z a-z 0-9 . _ -')
  }
  refuse(tokenFault(token))
  return { name, token: new Secret(token) }
}

/** Why `token` cannot be a bearer token (RFC 6750, section 2.1) or is not safe as one; undefined where it is both. */
export function tokenFault(token: string): string | undefined {
  if (!/^[A-Za-z0-9._~+/-]*=*$/.test(token))
    return 'a token is made of A-Z a-z 0-9 . _ ~ + / - and = at its end'
  if (token.length >= tokenCharactersMin) return undefined
  return `a token has at least ${tokenCharactersMin} characters; "openssl rand -base64 33" makes one`
}

function refuse(fault: string | undefined): void {
  if (fault !== undefined) throw new Error(fault)
}

function assertDistinctNames(named: readonly { readonly name: string }[]): void {
  const names = named.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new Error(`two tokens are named "${twice}"`)
}

/** What the bearer of one token may do; every field narrows what the whole server allows. */
export interface TokenPolicy {
  readonly name: string
  /** Where the token is read from; without it, MCP_AUTH_TOKENS holds one of this name. */
  readonly tokenFile: string | undefined
  /** What `tokenFile` held: filled in while loading. */
  readonly token: Secret | undefined
  readonly isReadOnly: boolean
  /** undefined: all that the server has enabled. */
  readonly toolsets: readonly string[] | undefined
  /** Ids, `#names`, `!` to exclude; undefined: all. */
  readonly channels: readonly string[] | undefined
}

const nonEmptyTexts = (description: string) =>
  Type.Optional(Type.Array(Type.String({ minLength: 1 }), { description }))

const tokenPolicyTable = Type.Object(
  {
    name: Type.String({ pattern: tokenNamePattern, description: 'Name of the bearer in logs.' }),
    token_file: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'File that holds the token; without it MCP_AUTH_TOKENS has one of this name.',
      }),
    ),
    read_only: Type.Optional(Type.Boolean({ description: 'Only tools that change nothing.' })),
    toolsets: nonEmptyTexts('Toolsets that this token may use.'),
    channels: nonEmptyTexts('Channels that this token may see and write: ids, #names, "!" to exclude.'),
  },
  { additionalProperties: false },
)

/** The `[[mcp.tokens]]` tables. */
export const tokenPolicies = () =>
  decoded(Type.Array(tokenPolicyTable, { default: [] }), (tables): readonly TokenPolicy[] => {
    assertDistinctNames(tables)
    return tables.map((table) => ({
      name: table.name,
      tokenFile: table.token_file,
      token: undefined,
      isReadOnly: table.read_only ?? false,
      toolsets: table.toolsets,
      channels: table.channels,
    }))
  })
