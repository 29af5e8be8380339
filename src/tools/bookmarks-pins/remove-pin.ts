import { defineSlackTool } from '../slack-tool.ts'
import { tsAliases } from '../ts-aliases.ts'
import { changePin, pinInput, pinOutput } from './pin-change.ts'

export const removePin = defineSlackTool({
  name: 'slack_remove_pin',
  title: 'Unpin a message',
  description: 'Unpin a message; the message stays.',
  toolset: 'bookmarks_pins',
  effect: 'write',
  isIdempotent: true,
  scopes: ['pins:write'],
  cost: { methods: ['pins.remove'], warm: '1', cold: '1 + look-up of a name (1-10)' },
  aliases: tsAliases('message_ts'),
  examples: { channel: '#general', message_ts: '1712345678.000100' },
  input: pinInput,
  output: pinOutput,
  run: (args, context) =>
    changePin(context, args, {
      method: 'pins.remove',
      settled: ['no_pin', 'not_pinned'],
      said: 'Unpinned',
    }),
})
