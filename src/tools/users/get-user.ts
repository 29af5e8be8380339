import { Type } from '@sinclair/typebox'
import { findUser } from '../conversation.ts'
import { answers, userField } from '../fields.ts'
import { type Provenance, provenance, renderListing } from '../message-page.ts'
import { defineSlackTool } from '../slack-tool.ts'
import { renderUser, type UserView, viewUser } from './user-view.ts'

export const getUser = defineSlackTool({
  name: 'slack_get_user',
  title: 'Get a person',
  description: 'Who somebody is: names, title, time zone, status.',
  toolset: 'users',
  effect: 'read',
  scopes: ['users:read'],
  cost: {
    methods: ['users.info', 'users.lookupByEmail', 'users.list'],
    warm: '0',
    cold: '1 by id or e-mail, 1-10 by name',
  },
  examples: { user: '@ada' },
  input: Type.Object({ user: userField }, { additionalProperties: false }),
  output: answers<UserView & Provenance>({ id: Type.String(), name: Type.String() }),
  async run(args, context) {
    const view = viewUser(await findUser(context, args.user), context.clock.now())
    return { text: renderListing('One person.', [renderUser(view)]), data: { ...provenance, ...view } }
  },
})
