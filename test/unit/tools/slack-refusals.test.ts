import { expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import { asList, asObject } from '../../../src/slack/json-fields.ts'
import { authErrors, faultErrors } from '../../../src/slack/outcome.ts'
import { slackErrorHints } from '../../../src/tools/slack-error-hint-table.ts'
import type { SlackTool } from '../../../src/tools/slack-tool.ts'
import { toolTable } from '../../../src/tools/tool-table.ts'
import { corpusFiles, hasCorpus } from '../../support/corpus.ts'
import { refuses } from '../../support/scripted-slack.ts'
import { createToolBench } from '../../support/tool-bench.ts'
import { toolCases } from '../../support/tool-cases.ts'
import { verifies } from '../../support/verifies.ts'

/** The client turns these into errors of their own; they never come out as refusals. */
const handledByClient = new Set([
  ...authErrors,
  ...faultErrors,
  'rate_limited',
  'ratelimited',
  'request_timeou',
  'bad_token',
])

/** Mistakes of the program that calls: no argument of a tool can lead to them. */
const defects = new Set([
  'as_user_not_supported',
  'attachment_payload_limit_exceeded',
  'bot_not_found',
  'file_comment_not_found',
  'invalid_arg_name',
  'invalid_arguments',
  'invalid_array_arg',
  'invalid_charset',
  'invalid_form_data',
  'invalid_json',
  'invalid_limit',
  'invalid_post_typ',
  'invalid_post_type',
  'invalid_types',
  'json_not_object',
  'limit_required',
  'markdown_text_conflict',
  'missing_charset',
  'missing_post_typ',
  'missing_post_type',
  'no_channel',
  'no_item_specified',
  'no_user',
  'superfluous_charset',
  'timezone_count_failed',
  'too_many_attachments',
  'unknown_type',
  'users_list_not_supplied',
])

/** Refusals that mean: what was wanted is so already. */
const settled: Readonly<Record<string, string>> = {
  'reactions.add': 'already_reacted',
  'reactions.remove': 'no_reaction',
  'conversations.invite': 'already_in_channel',
  'pins.add': 'already_pinned',
  'pins.remove': 'not_pinned',
}

/** What every method may answer; without the recorded description these are all. */
const everywhere = ['channel_not_found', 'is_archived', 'missing_scope', 'no_permission', 'not_in_channel']

/** What has come since that description, as far as an argument of a tool or a setting of a workspace leads to it (docs.slack.dev, 2026). */
const later: Readonly<Record<string, readonly string[]>> = {
  'chat.postMessage': [
    ...['access_denied', 'accesslimited', 'app_access_restricted', 'team_access_not_granted'],
    ...['team_added_to_org', 'two_factor_setup_required', 'cannot_reply_to_message', 'invalid_blocks'],
    ...['invalid_blocks_format', 'markdown_text_conflict', 'message_limit_exceeded'],
    ...['messages_tab_disabled', 'msg_blocks_too_long', 'restricted_action_thread_locked', 'team_not_found'],
    ...['slack_connect_canvas_sharing_blocked', 'slack_connect_file_link_sharing_blocked'],
    'slack_connect_lists_sharing_blocked',
  ],
  'chat.update': [
    ...['block_mismatch', 'external_channel_migrating', 'streaming_state_conflict', 'update_failed'],
    ...['is_inactive', 'msg_too_long', 'edit_window_closed'],
  ],
  'chat.scheduleMessage': ['restricted_too_many', 'time_in_past', 'time_too_far', 'invalid_time'],
  'files.getUploadURLExternal': [
    ...['file_type_not_allowed', 'file_upload_size_restricted', 'file_uploads_disabled'],
    ...['file_uploads_except_images_disabled', 'snippet_too_large'],
  ],
  'bookmarks.add': [
    ...['invalid_emoji', 'invalid_link', 'permission_denied', 'too_many_bookmarks', 'too_many_requests'],
    'not_implemented',
  ],
  'bookmarks.remove': ['not_found', 'permission_denied'],
  'usergroups.users.list': ['no_such_subteam', 'plan_upgrade_required'],
  'reactions.add': ['external_channel_migrating', 'thread_locked', 'too_many_emoji', 'too_many_reactions'],
  'conversations.open': ['invalid_user_combination', 'too_many_users', 'user_not_visible'],
  'conversations.join': ['channel_is_limited_access', 'too_many_members'],
  'conversations.invite': [
    ...['app_cannot_join_channel', 'external_channel_migrating', 'invitee_cant_see_channel'],
    ...['no_external_invite_permission', 'org_user_not_in_team'],
  ],
  'conversations.create': ['cannot_create_channel', 'name_taken'],
  'conversations.history': ['channel_is_limited_access'],
  'pins.add': ['external_channel_migrating', 'too_many_pins', 'restricted_action'],
}

/** Every error that Slack documents for a method, in its API description of 2021 and since. */
function documentedErrors(method: string): readonly string[] {
  const [description] = corpusFiles('reference', 'slack_web_openapi_v2_without_examples.json')
  const paths = asObject(JSON.parse(description?.bytes.toString() ?? '{}').paths)
  const found = new Set<string>()
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const member of value) visit(member)
    else if (typeof value === 'object' && value !== null) {
      for (const code of asList(asObject(asObject(value)['error'])['enum'])) found.add(String(code))
      for (const member of Object.values(value)) visit(member)
    }
  }
  visit(paths[`/${method}`])
  for (const code of [...everywhere, ...(later[method] ?? [])]) found.add(code)
  return [...found].filter((code) => !handledByClient.has(code))
}

/** What came of the call: the code of the refusal, or undefined where it succeeded. */
async function refusalOfCall(tool: string, method: string, code: string): Promise<unknown> {
  const { slack, call } = createToolBench()
  toolCases[tool]?.script(slack)
  slack.on(method, refuses(code, code === 'missing_scope' ? { needed: 'chat:write' } : {}))
  try {
    const { data } = await call(tool, toolCases[tool]?.args ?? {})
    const failed = asList(data.responses)
      .map(asObject)
      .find((response) => response['ok'] === false)
    return failed === undefined ? undefined : asObject(failed['error'])['details']
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return error.details
  }
}

verifies(
  'tools:errors',
  'every documented refusal comes back with its code and what to do, in every tool',
  async () => {
    const unexplained = new Set<string>()
    let combinationCount = 0
    for (const tool of toolTable.filter(({ name }) => name !== 'slack_search_messages')) {
      // The first method is the one that the tool is about; the others are asked for names, which a refusal leaves out.
      const [method = ''] = tool.cost.methods
      for (const code of documentedErrors(method)) {
        combinationCount++
        const details = asObject(await refusalOfCall(tool.name, method, code))
        expect([tool.name, code, codeOf(details)]).toEqual([
          tool.name,
          code,
          expectedCode(tool, method, code),
        ])
        const needsHint = codeOf(details) === code && !defects.has(code)
        if (needsHint && details['hint'] === undefined) unexplained.add(code)
      }
    }
    expect([...unexplained]).toEqual([])
    expect(combinationCount).toBeGreaterThan(hasCorpus ? 400 : 100)
  },
)

function codeOf(details: Readonly<Record<string, unknown>>): unknown {
  return details['slack_error'] ?? details['kind']
}

/** What comes out: the code, nothing where it is so already, and the look-up's own answer where a person is not known. */
function expectedCode(tool: SlackTool, method: string, code: string): string | undefined {
  if (settled[method] === code) return undefined
  const isUnknownPerson = ['user_not_found', 'users_not_found', 'user_not_visible'].includes(code)
  return tool.name === 'slack_get_user' && isUnknownPerson ? 'user' : code
}

test('a missing scope comes back with the line of the manifest that grants it', async () => {
  const details = await refusalOfCall('slack_post_message', 'chat.postMessage', 'missing_scope')
  expect(details).toEqual({
    slack_error: 'missing_scope',
    needed: 'chat:write',
    hint: slackErrorHints['missing_scope'] ?? '',
    manifest: 'oauth_config.scopes.bot: [chat:write]',
  })
})

test('a refusal nobody has written about comes back as Slack spells it', async () => {
  expect(await refusalOfCall('slack_post_message', 'chat.postMessage', 'brand_new_error')).toEqual({
    slack_error: 'brand_new_error',
  })
})

test('names that cannot be looked up do not fail a reading', async () => {
  for (const tool of [
    'slack_read_channel_messages',
    'slack_read_thread_messages',
    'slack_list_pins',
    'slack_get_reactions',
  ]) {
    expect(await refusalOfCall(tool, 'users.info', 'missing_scope')).toBeUndefined()
  }
})
