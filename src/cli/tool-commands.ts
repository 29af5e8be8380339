import type { CommandRow, OwnFlag } from './command-row.ts'
import { callOptions, offerOptions } from './tool-options.ts'

const tableFlag: OwnFlag = { name: '--json', description: 'Print JSON instead of a table.' }

/** The commands that look at tools, and use them. */
export const toolCommands: readonly CommandRow[] = [
  {
    path: ['tools', 'list'],
    summary: 'List the tools that AI clients get, with what each needs.',
    examples: [
      ['slack-integrated-server tools list', 'those of the default toolsets'],
      ['slack-integrated-server tools list --toolsets all --json', 'every tool, for programs'],
    ],
    readsConfig: true,
    options: [...offerOptions, 'slackUserToken'],
    flags: [tableFlag],
    load: async () => (await import('./tools-list.ts')).runToolsList,
  },
  {
    path: ['tools', 'describe'],
    summary: 'Say what a tool does, what it takes, and what it needs.',
    examples: [
      ['slack-integrated-server tools describe slack_post_message', 'with a line to call it by'],
      ['slack-integrated-server tools describe slack_post_message --json', 'as MCP clients see it'],
    ],
    readsConfig: false,
    flags: [{ name: '--json', description: 'Print what MCP clients are told, as JSON.' }],
    operand: { name: 'tool', says: 'The name of the tool; "tools list" has them.' },
    load: async () => (await import('./tools-describe.ts')).runToolsDescribe,
  },
  {
    path: ['tools', 'call'],
    summary: 'Call a tool as an MCP client would, without any client.',
    examples: [
      ["slack-integrated-server tools call slack_read_channel_messages channel='#general' limit=5", 'read'],
      ["slack-integrated-server tools call slack_post_message channel='#general' text='Hello'", 'post'],
      ['slack-integrated-server tools call slack_list_channels --json | jq .channels', 'for programs'],
    ],
    readsConfig: true,
    options: callOptions,
    flags: [{ name: '--json', description: 'Print JSON also on a terminal.' }],
    operand: {
      name: 'tool key=value …',
      says: 'The name of the tool, then its arguments: text, numbers, true or false, lists by comma; anything in JSON.',
      isRepeated: true,
    },
    load: async () => (await import('./tools-call.ts')).runToolsCall,
  },
  {
    path: ['tools', 'scopes'],
    summary: 'Say which scopes each tool needs, which of them the token lacks, and how to get them.',
    examples: [
      ['slack-integrated-server tools scopes', 'with SLACK_BOT_TOKEN, asks Slack what the token may do'],
      ['slack-integrated-server tools scopes --toolsets all --json', 'every tool, for programs'],
    ],
    readsConfig: true,
    options: [...offerOptions, 'slackApiUrl', 'slackBotToken', 'slackUserToken'],
    flags: [tableFlag],
    load: async () => (await import('./tools-scopes.ts')).runToolsScopes,
  },
]
