import type { OptionKey } from '../config/option-table.ts'
import type { CommandRow, OwnFlag } from './command-row.ts'
import { triggerTemplates } from './trigger-templates.ts'

/** What it takes to find the server, or the store itself. */
const accessOptions: readonly OptionKey[] = [
  'host',
  'port',
  'adminHost',
  'adminPort',
  'adminToken',
  'slackSigningSecret',
  'slackBotToken',
  'queueBackendType',
  'stateDir',
  'redisUrl',
  'redisKeyPrefix',
  'redisTlsCa',
  'queueRetentionHours',
  'slackEventsTopic',
]

const urlFlag: OwnFlag = {
  name: '--url',
  placeholder: 'url',
  description: 'Ask the server at this address instead of the local one.',
}
const jsonFlag: OwnFlag = { name: '--json', description: 'Print JSON lines also on a terminal.' }
const accessFlags: readonly OwnFlag[] = [
  jsonFlag,
  urlFlag,
  { name: '--offline', description: 'Look at sqlite or Redis itself, without asking a server.' },
]
const typeFlag: OwnFlag = {
  name: '--type',
  placeholder: 'event',
  description: 'Only these: a type (app_mention), message.im and the like, or a beginning (reaction_*).',
}
const limitFlag = (fallback: number): OwnFlag => ({
  name: '--limit',
  placeholder: 'n',
  description: `The newest so many. (default ${fallback})`,
})
const yesFlag: OwnFlag = { name: '--yes', description: 'Do it; without this only what would happen is said.' }
const selectionFlags: readonly OwnFlag[] = [
  { name: '--group', placeholder: 'group', description: 'Only what this group gave up.' },
  typeFlag,
  { name: '--reason', placeholder: 'reason', description: 'Only what failed with this reason.' },
  {
    name: '--since',
    placeholder: 'time',
    description: 'Only what was given up since: a time, or 30m, 12h, 7d ago.',
  },
  { name: '--before', placeholder: 'time', description: 'Only what was given up before that.' },
]
const allFlag: OwnFlag = { name: '--all', description: 'Every dead letter.' }
const idOperand = { name: 'id', says: 'Id of the event, as lists show it.' }

const common = { readsConfig: true, options: accessOptions } as const

/** The commands that look at events, and change what becomes of them. */
export const eventCommands: readonly CommandRow[] = [
  {
    ...common,
    path: ['events', 'tail'],
    summary: 'Print the newest events and those that come, until Ctrl-C.',
    examples: [
      ['slack-integrated-server events tail --type app_mention', 'on a terminal a line each'],
      ['slack-integrated-server events tail | jq -r .data.event.text', 'elsewhere JSON, with what they say'],
    ],
    flags: [
      { ...typeFlag, description: `${typeFlag.description} Looked for among the newest 1,000.` },
      limitFlag(10),
      { name: '--once', description: 'Print what is there and end.' },
      ...accessFlags,
    ],
    load: async () => (await import('./events-tail.ts')).runEventsTail,
  },
  {
    ...common,
    path: ['events', 'show'],
    summary: 'Print one kept event with what it says.',
    examples: [['slack-integrated-server events show Ev08MFMKH6', 'JSON with the exact bytes when piped']],
    operand: idOperand,
    flags: accessFlags,
    load: async () => (await import('./events-show.ts')).runEventsShow,
  },
  {
    ...common,
    path: ['events', 'stats'],
    summary: 'Say how much is kept, which group is behind, and how forwarding stands.',
    examples: [['slack-integrated-server events stats', 'of the local server']],
    flags: accessFlags,
    load: async () => (await import('./events-stats.ts')).runEventsStats,
  },
  {
    ...common,
    path: ['events', 'groups', 'list'],
    summary: 'List the groups that events are kept for.',
    examples: [['slack-integrated-server events groups list', 'with what each has not acknowledged']],
    flags: accessFlags,
    load: async () => (await import('./events-groups.ts')).runGroupsList,
  },
  {
    ...common,
    path: ['events', 'groups', 'remove'],
    summary: 'Forget a group, so that nothing is kept for it any more.',
    examples: [['slack-integrated-server events groups remove billing', 'and what it had not acknowledged']],
    operand: { name: 'group', says: 'Name of the group.' },
    flags: accessFlags,
    load: async () => (await import('./events-groups.ts')).runGroupsRemove,
  },
  {
    ...common,
    path: ['events', 'dead', 'list'],
    summary: 'List the events that a group gave up, newest last.',
    examples: [
      ['slack-integrated-server events dead list --group forward --since 12h', 'those of one night'],
    ],
    flags: [...selectionFlags, limitFlag(20), ...accessFlags],
    load: async () => (await import('./events-dead.ts')).runDeadList,
  },
  {
    ...common,
    path: ['events', 'dead', 'show'],
    summary: 'Print an event that was given up, with its reason and what it says.',
    examples: [
      ['slack-integrated-server events dead show Ev08MFMKH6', 'once for each group that gave it up'],
    ],
    operand: idOperand,
    flags: [...selectionFlags, ...accessFlags],
    load: async () => (await import('./events-dead.ts')).runDeadShow,
  },
  {
    ...common,
    path: ['events', 'dead', 'replay'],
    summary: 'Hand events that were given up to their groups again.',
    examples: [
      ['slack-integrated-server events dead replay Ev08MFMKH6 --yes', 'one'],
      ['slack-integrated-server events dead replay --reason TIMEOUT --since 1h', 'say which those are'],
      ['slack-integrated-server events dead replay --all --yes', 'every one'],
    ],
    operand: idOperand,
    flags: [...selectionFlags, allFlag, yesFlag, ...accessFlags],
    load: async () => (await import('./events-dead.ts')).runDeadReplay,
  },
  {
    ...common,
    path: ['events', 'dead', 'purge'],
    summary: 'Remove events that were given up, for good.',
    examples: [['slack-integrated-server events dead purge --before 30d --yes', 'those older than a month']],
    operand: idOperand,
    flags: [...selectionFlags, allFlag, yesFlag, ...accessFlags],
    load: async () => (await import('./events-dead.ts')).runDeadPurge,
  },
  {
    ...common,
    path: ['events', 'purge'],
    summary: 'Remove kept events that arrived before a time, acknowledged or not.',
    examples: [['slack-integrated-server events purge --before 7d', 'say how many those are']],
    flags: [
      { name: '--before', placeholder: 'time', description: 'A time, or how long ago: 30m, 12h, 7d.' },
      yesFlag,
      ...accessFlags,
    ],
    load: async () => (await import('./events-purge.ts')).runEventsPurge,
  },
  {
    ...common,
    path: ['events', 'forward', 'resume'],
    summary: 'Go on forwarding after the endpoint answered 410 and so paused it.',
    examples: [['slack-integrated-server events forward resume', 'what waited is delivered now']],
    flags: [jsonFlag, urlFlag],
    load: async () => (await import('./events-forward.ts')).runForwardResume,
  },
  {
    path: ['trigger'],
    summary: "Send a made-up event, signed like Slack's, to the webhook of a running server.",
    examples: [
      ['slack-integrated-server trigger app_mention text=hello channel=C024BE91L', 'no Slack needed'],
      ['slack-integrated-server trigger slash_command command=/deploy text=now', 'a slash command'],
      ['slack-integrated-server trigger interactive:block_actions action_id=approve', 'a button'],
    ],
    readsConfig: true,
    options: ['host', 'port', 'slackSigningSecret'],
    operand: {
      name: 'event key=value …',
      says: `What to send, and fields to set in it: text, channel, user, reaction or any other. Events: ${Object.keys(triggerTemplates).join(', ')}.`,
      isRepeated: true,
    },
    flags: [
      { name: '--json', description: 'Print JSON also on a terminal.' },
      {
        name: '--url',
        placeholder: 'url',
        description: 'Send to the server at this address instead of the local one.',
      },
    ],
    load: async () => (await import('./trigger.ts')).runTrigger,
  },
  {
    ...common,
    path: ['consume'],
    summary: 'Take the events of a group: write them as JSON lines, or run a command for each.',
    examples: [
      [
        'slack-integrated-server consume --group billing | ./handle',
        'a line each, acknowledged once written',
      ],
      [
        'slack-integrated-server consume --group billing -- ./handle-one',
        'the bytes on its standard input; 0 acknowledges',
      ],
    ],
    operand: {
      name: '-- command',
      says: 'Run for each event, without a shell. EVENT_ID, EVENT_TYPE, EVENT_ATTEMPT and CORRELATION_ID are in its environment.',
      isRepeated: true,
    },
    flags: [
      {
        name: '--group',
        placeholder: 'group',
        description: 'Members of one group share its events; a new one begins with the oldest kept.',
      },
      typeFlag,
      {
        name: '--concurrency',
        placeholder: 'n',
        description: 'Events in hand at once. (default 1, at most 256)',
      },
      { name: '--ordered', description: 'The events of a channel one after the other.' },
      {
        name: '--lease',
        placeholder: 'seconds',
        description: 'How long one event may take; then it is given out again. (default 300)',
      },
      urlFlag,
      { name: '--offline', description: 'Consume from sqlite itself. With Redis that is the default.' },
    ],
    load: async () => (await import('./consume.ts')).runConsume,
  },
]
