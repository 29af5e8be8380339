import { Secret } from '../base/secret.ts'
import { type CredentialKey, credentialForms } from '../config/credential-forms.ts'
import { decodeOption } from '../config/option-decode.ts'
import { optionOf } from '../config/option-names.ts'
import { callFailureLine } from './call-failure.ts'
import type { CliContext } from './cli-context.ts'
import type { Questions } from './questions.ts'
import { probeToken } from './slack-probe.ts'

/** The person does not want to go on. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp'
}

/** Who is asked, and which Slack answers. */
export interface Interview {
  readonly context: CliContext
  readonly questions: Questions
  readonly slackApiUrl: string
  readonly signal: AbortSignal
}

const tokens = {
  slackBotToken: {
    kind: 'bot',
    question: 'Bot User OAuth Token (OAuth & Permissions, xoxb-…):',
    isOptional: false,
  },
  slackUserToken: {
    kind: 'user',
    question: 'User OAuth Token, for search only (xoxp-…; Enter: none):',
    isOptional: true,
  },
} as const

/** Whether the person says yes. Whoever gives up here gives up all of it: GivenUp is thrown. */
export async function askWhether({ questions }: Interview, question: string): Promise<boolean> {
  const answer = await questions.confirm(question)
  if (answer === undefined) throw new GivenUp()
  return answer
}

/** A token that Slack takes, or that the person wants all the same while Slack does not answer; undefined where an optional one is left out. */
export async function askToken(interview: Interview, key: keyof typeof tokens): Promise<string | undefined> {
  const { context, questions } = interview
  const { question, isOptional } = tokens[key]
  const say = (text: string) => context.stderr.write(`  ${text}\n`)
  for (;;) {
    const token = await questions.ask(question, { isHidden: true })
    if (token === undefined) throw new GivenUp()
    if (token === '' && isOptional) return undefined
    const fault = faultOf(key, token)
    if (fault !== undefined) {
      say(`That is not one: ${fault}.`)
      continue
    }
    if (await isAccepted(interview, key, token)) return token
  }
}

async function isAccepted(interview: Interview, key: keyof typeof tokens, token: string): Promise<boolean> {
  const { context, slackApiUrl, signal } = interview
  const { kind } = tokens[key]
  const say = (text: string) => context.stderr.write(`  ${text}\n`)
  const config = {
    slackBotToken: undefined,
    slackUserToken: undefined,
    slackApiUrl,
    [key]: new Secret(token),
  }
  const report = await probeToken(context, config, kind, signal)
  if (signal.aborted) throw new GivenUp()
  if (report.identity !== undefined) {
    const { teamName, teamId, userName, userId, scopes } = report.identity
    const granted = scopes === undefined ? '' : `, ${scopes.length} scopes`
    say(`ok  ${teamName} (${teamId}) as @${userName} (${userId})${granted}`)
    return true
  }
  say(callFailureLine(report.error))
  if (report.error.code === 'SLACK_AUTH_FAILED') return false
  return await askWhether(interview, 'Slack did not say whether it is right. Save it all the same?')
}

/** The signing secret. Slack offers no way to check it: its form must do. */
export async function askSecret({ context, questions }: Interview): Promise<string> {
  for (;;) {
    const secret = await questions.ask('Signing Secret (Basic Information > App Credentials):', {
      isHidden: true,
    })
    if (secret === undefined) throw new GivenUp()
    const fault = faultOf('slackSigningSecret', secret)
    if (fault === undefined) return secret
    context.stderr.write(`  That is not one: ${fault}.\n`)
  }
}

/** Somebody who pastes is stopped by a form that a configuration is only warned of: there is nothing yet that it would break. */
function faultOf(key: CredentialKey, text: string): string | undefined {
  const { form, says } = credentialForms[key]
  if (!form.test(text)) return `it ${says}`
  const result = decodeOption(optionOf(key), { kind: 'text', text })
  return result.kind === 'refused' ? result.message : undefined
}
