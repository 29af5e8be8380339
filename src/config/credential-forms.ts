/**
 * What Slack's credentials look like today. Slack promises it nowhere, so another form is no error; most often it is the credential of a
 * neighbouring field. With token rotation `xoxe.` stands in front.
 */
export const credentialForms = {
  slackBotToken: { form: /^(xoxe\.)?xoxb-/, says: 'does not begin with xoxb-, as bot tokens do' },
  slackUserToken: { form: /^(xoxe\.)?xoxp-/, says: 'does not begin with xoxp-, as user tokens do' },
  slackSigningSecret: {
    form: /^[0-9a-f]{32}$/,
    says: 'is not 32 hexadecimal digits, as signing secrets are',
  },
} as const

export type CredentialKey = keyof typeof credentialForms
export const credentialKeys = Object.keys(credentialForms) as readonly CredentialKey[]
