/** Messages as Slack sends them to a channel of people and one of bots: rich text beside the text, profiles, reactions, threads, attachments. */
export function realisticHistory(
  count: number,
  peopleCount: number,
  userIdOf = (index: number) => `U${String(index).padStart(4, '0')}AA`,
): readonly object[] {
  return Array.from({ length: count }, (_, index) => {
    const user = userIdOf(index % peopleCount)
    const text = `Message ${index}: the deploy of service-${index} is done, see <https://ci.example/builds/${index}|build ${index}> and tell <@${userIdOf(0)}> &amp; co.`
    const ts = `17000${String(index).padStart(5, '0')}.000100`
    const richText = {
      type: 'rich_text',
      block_id: `b${index}`,
      elements: [
        {
          type: 'rich_text_section',
          elements: [
            { type: 'text', text: `Message ${index}: the deploy of service-${index} is done, see ` },
            { type: 'link', url: `https://ci.example/builds/${index}`, text: `build ${index}` },
            { type: 'text', text: ' and tell ' },
            { type: 'user', user_id: userIdOf(0) },
            { type: 'text', text: ' & co.' },
          ],
        },
      ],
    }
    return {
      type: 'message',
      user,
      ts,
      client_msg_id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      text,
      team: 'T100',
      blocks: [richText],
      ...(index % 5 === 0 ? { reactions: [{ name: 'thumbsup', users: [user], count: 1 }] } : {}),
      ...(index % 7 === 0
        ? {
            thread_ts: ts,
            reply_count: 3,
            reply_users_count: 2,
            latest_reply: ts,
            reply_users: [user],
            is_locked: false,
            subscribed: false,
          }
        : {}),
      ...(index % 10 === 0 ? { edited: { user, ts } } : {}),
    }
  }).reverse()
}
