import type { ConversationKind } from './conversation.ts'
import type { Timezone } from './people.ts'

/** What stands in the demo workspace before anybody does anything: a small company that sells ferry tickets, on the day of a release. */

export const demoTeam = {
  id: 'T0DEMO0TIDE',
  name: 'Tidemark',
  // Longer than the 21 characters that Slack allows, so that no link of the demo leads into a workspace that exists.
  domain: 'tidemark-integrated-server-demo',
  emailDomain: 'tidemark.example',
} as const

/** The app whose token the server gets. */
export const demoApp = {
  appId: 'A0DEMO0MCP1',
  botId: 'B0DEMO0MCP1',
  userId: 'U0DEMO0MCP1',
  name: 'slack-mcp',
} as const

/** Every workspace has it; Slack does not call it a bot. */
export const slackbotId = 'USLACKBOT'

const lisbon: Timezone = { name: 'Europe/Lisbon', label: 'Western European Time', offsetSeconds: 0 }
const berlin: Timezone = { name: 'Europe/Berlin', label: 'Central European Time', offsetSeconds: 3600 }
const tokyo: Timezone = { name: 'Asia/Tokyo', label: 'Japan Standard Time', offsetSeconds: 32_400 }

export interface PersonSeed {
  readonly id: string
  readonly name: string
  readonly realName: string
  readonly title?: string
  readonly color: string
  readonly timezone?: Timezone
  readonly status?: { readonly text: string; readonly emoji: string }
  readonly role?: 'admin' | 'owner' | 'guest' | 'deleted'
  readonly bot?: { readonly id: string; readonly appId: string }
}

export const personSeeds: readonly PersonSeed[] = [
  {
    id: 'U0DEMO00ANA',
    name: 'ana',
    realName: 'Ana Duarte',
    title: 'Release manager',
    color: '9f69e7',
    timezone: lisbon,
    role: 'admin',
  },
  {
    id: 'U0DEMO00RAJ',
    name: 'raj',
    realName: 'Raj Patel',
    title: 'Backend',
    color: '4bbe2e',
    timezone: berlin,
  },
  {
    id: 'U0DEMO00MEI',
    name: 'mei',
    realName: 'Mei Tanaka',
    title: 'Design',
    color: 'e7392d',
    timezone: tokyo,
    status: { text: 'Sketching the new map', emoji: ':pencil2:' },
  },
  {
    id: 'U0DEMO00TOM',
    name: 'tom',
    realName: 'Tom Okafor',
    title: 'Customer support',
    color: '3c989f',
    timezone: lisbon,
  },
  {
    id: 'U0DEMO0LENA',
    name: 'lena',
    realName: 'Lena Fischer',
    title: 'CTO',
    color: '674b1b',
    timezone: berlin,
    role: 'owner',
  },
  {
    id: 'U0DEMO0IBBY',
    name: 'ibby',
    realName: 'Ibrahim Saleh',
    title: 'Harbour authority (guest)',
    color: 'e96699',
    role: 'guest',
  },
  { id: 'U0DEMO00VIK', name: 'viktor', realName: 'Viktor Holm', color: '99a949', role: 'deleted' },
  {
    id: 'U0DEMO0DEPL',
    name: 'shipbot',
    realName: 'Shipbot',
    color: '2b6836',
    bot: { id: 'B0DEMO0DEPL', appId: 'A0DEMO0DEPL' },
  },
  {
    id: demoApp.userId,
    name: demoApp.name,
    realName: 'Slack MCP',
    color: '5b89d5',
    bot: { id: demoApp.botId, appId: demoApp.appId },
  },
  { id: slackbotId, name: 'slackbot', realName: 'Slackbot', color: '757575' },
]

export interface FileSeed {
  readonly id: string
  readonly name: string
  readonly title: string
  readonly text: string
}

export interface MessageSeed {
  /** The handle of the author, or the id of the incoming webhook. */
  readonly by: string
  readonly minutesAgo: number
  readonly text: string
  readonly reactions?: Readonly<Record<string, readonly string[]>>
  readonly editedMinutesAgo?: number
  readonly file?: FileSeed
  readonly blocks?: readonly unknown[]
  readonly attachments?: readonly unknown[]
  /** Posted through an incoming webhook under this name. */
  readonly username?: string
  readonly isPinned?: boolean
  readonly isBroadcast?: boolean
  readonly replies?: readonly MessageSeed[]
}

export interface ChannelSeed {
  readonly id: string
  readonly kind: ConversationKind
  readonly name: string
  readonly topic?: string
  readonly purpose?: string
  readonly isArchived?: boolean
  readonly isGeneral?: boolean
  /** Handles; `everyone` for the whole workspace. */
  readonly members: readonly string[] | 'everyone'
  readonly bookmarks?: readonly { readonly title: string; readonly link: string; readonly emoji: string }[]
  readonly messages: readonly MessageSeed[]
}

const team = ['ana', 'raj', 'mei', 'tom', 'lena']
const teamWithBot = [...team, demoApp.name]

export const channelSeeds: readonly ChannelSeed[] = [
  {
    id: 'C0DEMO00GEN',
    kind: 'public',
    name: 'general',
    topic: 'Company-wide announcements',
    purpose: 'Everybody is in this channel.',
    isGeneral: true,
    members: 'everyone',
    messages: [
      {
        by: 'lena',
        minutesAgo: 2_900,
        text: 'Winter timetable is live on all eleven routes. Thank you all, that was a calm switch for once :sailboat:',
        reactions: { tada: ['ana', 'raj', 'mei'], tidemark: ['tom'] },
      },
      {
        by: 'ana',
        minutesAgo: 1_460,
        text: 'Release 2.4 ships today at 15:00 Lisbon time. Everything about it is in <#C0DEMO00REL|release>, please keep questions there.',
        reactions: { eyes: ['raj'] },
        isPinned: true,
      },
      { by: 'tom', minutesAgo: 300, text: 'Reminder: the phone lines are closed on Thursday, tickets only.' },
    ],
  },
  {
    id: 'C0DEMO00REL',
    kind: 'public',
    name: 'release',
    topic: '2.4 ships today, 15:00 Lisbon',
    purpose: 'What ships, when, and who watches it.',
    members: [...teamWithBot, 'shipbot'],
    bookmarks: [
      { title: 'Release checklist', link: 'https://docs.tidemark.example/release', emoji: ':memo:' },
    ],
    messages: [
      {
        by: 'raj',
        minutesAgo: 190,
        text: 'Seat maps now come from the new service. `p95` went from 420 ms to 95 ms in staging.',
        reactions: { rocket: ['ana', 'lena'], fire: ['mei'] },
      },
      {
        by: 'mei',
        minutesAgo: 150,
        text: 'Final screens for the booking flow, the two open colours are decided: deep blue &amp; sand.',
        editedMinutesAgo: 148,
      },
      {
        by: 'ana',
        minutesAgo: 95,
        text: '<!here> who owns the rollback plan for 2.4? I want a name on it before we start.',
        reactions: { eyes: ['raj', 'lena'] },
        replies: [
          {
            by: 'raj',
            minutesAgo: 91,
            text: 'Me. If error rate on checkout is &gt; 2% for five minutes we flip the flag back, no discussion.',
            file: {
              id: 'F0DEMO0PLAN',
              name: 'rollback-2.4.md',
              title: 'Rollback plan for 2.4',
              text: '# Rollback plan for 2.4\n\n1. Turn `seat-maps-v2` off.\n2. Watch checkout errors for five minutes.\n3. Tell #support what customers see.\n',
            },
          },
          {
            by: 'lena',
            minutesAgo: 88,
            text: 'And the data migration? <@U0DEMO00RAJ> is that reversible?',
          },
          {
            by: 'raj',
            minutesAgo: 86,
            text: 'Yes, both columns are written until Monday.',
            reactions: { '+1': ['lena', 'ana'] },
          },
          {
            by: 'ana',
            minutesAgo: 60,
            text: 'Can somebody write this up as three bullet points for support?',
          },
        ],
      },
      {
        by: 'B0DEMO0DEPL',
        username: 'Shipbot',
        minutesAgo: 42,
        text: 'Staging deploy of 2.4.0-rc3 finished',
        blocks: [
          { type: 'header', block_id: 'h1', text: { type: 'plain_text', text: '2.4.0-rc3 is on staging' } },
          {
            type: 'section',
            block_id: 's1',
            text: { type: 'mrkdwn', text: '*3 of 3* services healthy' },
            fields: [
              { type: 'mrkdwn', text: '*Commit*\n`7f3c2e1`' },
              { type: 'mrkdwn', text: '*Took*\n4 min 12 s' },
            ],
          },
        ],
        attachments: [
          {
            id: 1,
            color: '2eb886',
            fallback: 'Checks: 214 passed',
            title: 'Checks',
            title_link: 'https://ci.tidemark.example/runs/214',
            text: '214 passed, 0 failed',
          },
        ],
        reactions: { white_check_mark: ['ana'] },
      },
      {
        by: 'lena',
        minutesAgo: 25,
        text: 'Looks good from my side. Go when <@U0DEMO00ANA> says go.',
      },
    ],
  },
  {
    id: 'C0DEMO00SUP',
    kind: 'public',
    name: 'support',
    topic: 'What customers tell us',
    purpose: 'Every complaint that is more than a refund.',
    members: ['tom', 'ana', 'mei', demoApp.name],
    messages: [
      {
        by: 'tom',
        minutesAgo: 520,
        text: 'Four people since yesterday: the confirmation mail shows the return trip first. Reference TM-4417.',
        replies: [
          { by: 'mei', minutesAgo: 510, text: 'That is the template, not the data. I have it.' },
          {
            by: 'mei',
            minutesAgo: 470,
            text: 'Fixed in 2.4, the outbound trip is first again.',
            isBroadcast: true,
          },
        ],
      },
      {
        by: 'tom',
        minutesAgo: 130,
        text: 'Somebody asked whether dogs need a ticket. They do not! <https://tidemark.example/pets|The page> says it at the very end.',
        reactions: { dog: ['mei', 'ana'], 'dog-ticket': ['tom'] },
      },
    ],
  },
  {
    id: 'C0DEMO00RAN',
    kind: 'public',
    name: 'random',
    topic: 'Everything else',
    purpose: 'Non-work banter.',
    members: teamWithBot,
    messages: [
      {
        by: 'mei',
        minutesAgo: 800,
        text: 'Saw a ferry called _Nevermind_ today.',
        reactions: { joy: ['tom'] },
      },
      {
        by: 'raj',
        minutesAgo: 700,
        text: 'Cake in the Lisbon kitchen, first come first served :cake:',
        reactions: { cake: ['ana', 'lena', 'tom'], running: ['mei'] },
      },
    ],
  },
  {
    id: 'C0DEMO0LEAD',
    kind: 'private',
    name: 'leads',
    topic: 'Private: planning',
    purpose: 'For leads, and for the bot that was invited.',
    members: ['ana', 'lena', demoApp.name],
    messages: [
      { by: 'lena', minutesAgo: 260, text: 'Budget for the harbour displays is approved for Q1.' },
      { by: 'ana', minutesAgo: 255, text: 'Great. I will tell the team after the release, not before.' },
    ],
  },
  {
    id: 'C0DEMO0BRD1',
    kind: 'private',
    name: 'board',
    purpose: 'The bot was never invited here, so it cannot even see it.',
    members: ['lena'],
    messages: [{ by: 'lena', minutesAgo: 4_000, text: 'Minutes of the November meeting.' }],
  },
  {
    id: 'C0DEMO00DES',
    kind: 'public',
    name: 'design',
    topic: 'Drafts, colours, maps',
    purpose: 'Public, but the bot has not joined.',
    members: ['mei', 'ana', 'ibby'],
    messages: [
      { by: 'mei', minutesAgo: 1_900, text: 'New pier icons are up for review.' },
      { by: 'ibby', minutesAgo: 1_880, text: 'Pier 4 faces the other way, the rest is right.' },
    ],
  },
  {
    id: 'C0DEMO00OLD',
    kind: 'public',
    name: 'website-2023',
    purpose: 'The old site.',
    isArchived: true,
    members: teamWithBot,
    messages: [{ by: 'raj', minutesAgo: 40_000, text: 'Old site is switched off. Archiving this channel.' }],
  },
  {
    id: 'D0DEMO00ANA',
    kind: 'im',
    name: '',
    members: ['ana', demoApp.name],
    messages: [{ by: 'ana', minutesAgo: 1_000, text: 'Hi bot, are you there?' }],
  },
]

/** Custom emoji; `alias:` points at another name. */
export const customEmoji: Readonly<Record<string, string>> = {
  tidemark: 'tidemark.png',
  'dog-ticket': 'dog-ticket.png',
  ferry_party: 'ferry_party.gif',
  shipit: 'alias:rocket',
}

export const userGroupSeeds = [
  { id: 'S0DEMO00REL', handle: 'release-crew', name: 'Release crew', members: ['ana', 'raj', 'lena'] },
] as const
