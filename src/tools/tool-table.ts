import { addBookmark } from './bookmarks-pins/add-bookmark.ts'
import { addPin } from './bookmarks-pins/add-pin.ts'
import { listBookmarks } from './bookmarks-pins/list-bookmarks.ts'
import { listPins } from './bookmarks-pins/list-pins.ts'
import { removeBookmark } from './bookmarks-pins/remove-bookmark.ts'
import { removePin } from './bookmarks-pins/remove-pin.ts'
import { createChannel } from './channel-admin/create-channel.ts'
import { getReactions } from './channel-admin/get-reactions.ts'
import { getUsergroupMembers } from './channel-admin/get-usergroup-members.ts'
import { inviteToChannel } from './channel-admin/invite-to-channel.ts'
import { joinChannel } from './channel-admin/join-channel.ts'
import { listUsergroups } from './channel-admin/list-usergroups.ts'
import { markRead } from './channel-admin/mark-read.ts'
import { openDirectMessage } from './channel-admin/open-direct-message.ts'
import { setChannelTopic } from './channel-admin/set-channel-topic.ts'
import { getChannel } from './channels/get-channel.ts'
import { listChannels } from './channels/list-channels.ts'
import { readEmojis } from './emoji/read-emojis.ts'
import { listFiles } from './files/list-files.ts'
import { readFile } from './files/read-file.ts'
import { uploadFile } from './files/upload-file.ts'
import { deleteMessage } from './messages/delete-message.ts'
import { getMessage } from './messages/get-message.ts'
import { postMessage } from './messages/post-message.ts'
import { readChannelMessages } from './messages/read-channel-messages.ts'
import { readThreadMessages } from './messages/read-thread-messages.ts'
import { threadReply } from './messages/thread-reply.ts'
import { updateMessage } from './messages/update-message.ts'
import { addReactions } from './reactions/add-reactions.ts'
import { removeReactions } from './reactions/remove-reactions.ts'
import { cancelScheduledMessage } from './scheduling/cancel-scheduled-message.ts'
import { listScheduledMessages } from './scheduling/list-scheduled-messages.ts'
import { scheduleMessage } from './scheduling/schedule-message.ts'
import { searchMessages } from './search/search-messages.ts'
import type { SlackTool } from './slack-tool.ts'
import { getUser } from './users/get-user.ts'
import { searchUsers } from './users/search-users.ts'

/** Every tool, in the order in which clients list them: by toolset, the everyday ones first. */
export const toolTable: readonly SlackTool[] = [
  postMessage,
  threadReply,
  updateMessage,
  deleteMessage,
  readChannelMessages,
  readThreadMessages,
  getMessage,
  addReactions,
  removeReactions,
  listChannels,
  getChannel,
  getUser,
  searchUsers,
  readEmojis,
  scheduleMessage,
  listScheduledMessages,
  cancelScheduledMessage,
  joinChannel,
  openDirectMessage,
  createChannel,
  inviteToChannel,
  setChannelTopic,
  markRead,
  getReactions,
  listUsergroups,
  getUsergroupMembers,
  listFiles,
  readFile,
  uploadFile,
  searchMessages,
  listBookmarks,
  addBookmark,
  removeBookmark,
  listPins,
  addPin,
  removePin,
]
