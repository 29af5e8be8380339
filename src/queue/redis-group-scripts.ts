import { exactLua } from './redis-lua.ts'

/**
 * Hands out events of a group: what others left behind, then what was replayed, then what is new. Makes the group where there is none, at
 * the beginning: a group that was deleted must not miss what came meanwhile. KEYS: stream, replays of the group. ARGV: group, consumer, how
 * many, after how long (ms) an unacknowledged event counts as left behind, where to go on looking for such (stream, replays). Answers the
 * entries as [which key, id, try, fields], where to go on looking, and, where there are none, the last ids
 * delivered.
 */
export const takeScript = `${exactLua}
local group, consumer, wanted, idleMs = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local bytesMax, chunk = 4 * 1024 * 1024, 16
local taken, bytes = {}, 0
local function give(key, id, try, fields)
  for i = 1, #fields do bytes = bytes + #fields[i] end
  taken[#taken + 1] = {key, id, try, exact(fields)}
end
local function isMissing(reply) return type(reply) == 'table' and reply.err and string.find(reply.err, '^NOGROUP') end
local function fail(reply) if type(reply) == 'table' and reply.err then error(reply) end end
local function orCreate(key, call)
  local reply = call()
  if isMissing(reply) then
    redis.call('XGROUP', 'CREATE', KEYS[key], group, '0', 'MKSTREAM')
    reply = call()
  end
  fail(reply)
  return reply
end
local cursors = {ARGV[5], ARGV[6]}
local function claim(key)
  local reply = orCreate(key, function()
    return redis.pcall('XAUTOCLAIM', KEYS[key], group, consumer, idleMs, cursors[key], 'COUNT', math.min(wanted - #taken, chunk))
  end)
  cursors[key] = reply[1]
  for _, entry in ipairs(reply[2]) do
    local pending = redis.call('XPENDING', KEYS[key], group, entry[1], entry[1], 1)[1]
    give(key, entry[1], pending and pending[4] or 1, entry[2])
  end
end
local function read(key)
  while #taken < wanted and bytes < bytesMax do
    local reply = orCreate(key, function()
      return redis.pcall('XREADGROUP', 'GROUP', group, consumer, 'COUNT', math.min(wanted - #taken, chunk), 'STREAMS', KEYS[key], '>')
    end)
    if not reply then return end
    for _, entry in ipairs(reply[1][2]) do give(key, entry[1], 1, entry[2]) end
  end
end
local function lastDelivered(key)
  if redis.call('EXISTS', KEYS[key]) == 0 then return '0-0' end
  for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[key])) do
    local found = {}
    for i = 1, #info, 2 do found[info[i]] = info[i + 1] end
    if found.name == group then return found['last-delivered-id'] end
  end
  return '0-0'
end
local hasReplays = redis.call('EXISTS', KEYS[2]) == 1
claim(1)
if hasReplays and #taken < wanted then claim(2) end
if hasReplays then read(2) end
read(1)
if #taken > 0 then return {taken, cursors[1], cursors[2]} end
return {taken, cursors[1], cursors[2], lastDelivered(1), lastDelivered(2)}
`

/**
 * Records what became of events. KEYS: stream, replays of the group, dead letters. ARGV: group, consumer, dead letters at most, wall clock
 * (ms), consumer of what nobody holds, then for each event: what, which key, id, number, reason. `done` acknowledges; `again` keeps the number
 * of tries; `dead` buries after that many; `free` gives back with that many tries made; `hold` says that we still work on it. Answers how many
 * dead letters gave way.
 */
export const settleScript = `
local group, consumer, deadMax, nowMs, nobody = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local fieldsMax = 2000
local evicted = 0
local function pendingOf(key, id)
  local reply = redis.pcall('XPENDING', key, group, id, id, 1)
  return not reply.err and reply[1] or nil
end
local function done(which, key, id)
  redis.call('XACK', key, group, id)
  if which == 2 then redis.call('XDEL', key, id) end
end
local function bury(key, id, tries, reason)
  local entry = redis.call('XRANGE', key, id, id)[1]
  if not entry then return end
  local fields = entry[2]
  local eventId = id
  for i = 1, #fields - 1, 2 do if fields[i] == 'event_id' then eventId = fields[i + 1] break end end
  redis.call('XADD', KEYS[3], '*', 'dead_event_id', eventId, 'dead_group', group, 'dead_attempts', tries,
    'dead_reason', reason, 'dead_at_ms', nowMs, unpack(fields, 1, math.min(#fields, fieldsMax)))
  evicted = evicted + redis.call('XTRIM', KEYS[3], 'MAXLEN', '=', deadMax)
end
for i = 6, #ARGV, 5 do
  local what, which, id, number, reason = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  local key = KEYS[which]
  if what == 'done' then
    done(which, key, id)
  else
    local pending = pendingOf(key, id)
    local isOurs = pending and pending[2] == consumer
    if what == 'dead' then
      if pending then bury(key, id, number, reason) done(which, key, id) end
    elseif isOurs and what == 'again' then
      redis.call('XCLAIM', key, group, consumer, 0, id, 'RETRYCOUNT', number, 'JUSTID')
    elseif isOurs and what == 'hold' then
      redis.call('XCLAIM', key, group, consumer, 0, id, 'JUSTID')
    elseif isOurs and what == 'free' then
      redis.call('XCLAIM', key, group, nobody, 0, id, 'IDLE', 2000000000, 'RETRYCOUNT', number, 'JUSTID')
    end
  end
end
return evicted
`

/**
 * Gives back what Redis handed to a consumer that never learnt of it, since the reply was lost: without this it would wait until it counts as
 * left behind. KEYS: stream, replays of the group. ARGV: group, consumer, consumer of what nobody holds, then which key and id (`1:5-0`) of
 * each event that the consumer knows of.
 */
export const recoverScript = `
local group, consumer, nobody = ARGV[1], ARGV[2], ARGV[3]
local known = {}
for i = 4, #ARGV do known[ARGV[i]] = true end
for which, key in ipairs(KEYS) do
  local from = '-'
  while true do
    local pending = redis.pcall('XPENDING', key, group, from, '+', 100, consumer)
    if pending.err or #pending == 0 then break end
    for _, info in ipairs(pending) do
      if not known[which .. ':' .. info[1]] then
        redis.call('XCLAIM', key, group, nobody, 0, info[1], 'IDLE', 2000000000, 'RETRYCOUNT', info[4] - 1, 'JUSTID')
      end
      from = '(' .. info[1]
    end
  end
end
`

/**
 * A consumer leaves its group. It stays while it still has events, which are claimed from it later. KEYS: stream, replays of the group. ARGV:
 * group, consumer, consumer of what nobody holds, whose last activity becomes that of the group.
 */
export const leaveScript = `
local group, consumer, nobody = ARGV[1], ARGV[2], ARGV[3]
-- Reading one's own events behind the last id but one shows a sign of life and hands out nothing; the very last stands for '>' inside Redis.
local lastId = '18446744073709551615-18446744073709551614'
for _, key in ipairs(KEYS) do
  local consumers = redis.pcall('XINFO', 'CONSUMERS', key, group)
  if not consumers.err then
    redis.call('XREADGROUP', 'GROUP', group, nobody, 'COUNT', 1, 'STREAMS', key, lastId)
    for _, info in ipairs(consumers) do
      local found = {}
      for i = 1, #info, 2 do found[info[i]] = info[i + 1] end
      if found.name == consumer and found.pending == 0 then redis.call('XGROUP', 'DELCONSUMER', key, group, consumer) end
    end
  end
end
`

/**
 * Forgets a group. One that members are connected to stays, without what was published so far. KEYS: stream, replays of the group. ARGV: group,
 * consumer of what nobody holds, after how long without a sign (ms) a consumer counts as gone. Answers 0 where there is no such group.
 */
export const removeGroupScript = `
local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
if consumers.err then return 0 end
local isConnected = false
for _, info in ipairs(consumers) do
  local found = {}
  for i = 1, #info, 2 do found[info[i]] = info[i + 1] end
  if found.name ~= ARGV[2] and found.idle < tonumber(ARGV[3]) then isConnected = true end
end
redis.call('XGROUP', 'DESTROY', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[2])
if isConnected then redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], '$') end
return 1
`

/**
 * Takes a dead letter out. KEYS: stream, replays of the group, dead letters. ARGV: event id, group, `replay` or `remove`. Looks through the
 * dead letters, which are bounded. Answers 1 where it was there and, for a replay, its group is too.
 */
export const deadLetterScript = `
local eventId, group, what = ARGV[1], ARGV[2], ARGV[3]
local function isKnown()
  local infos = redis.pcall('XINFO', 'GROUPS', KEYS[1])
  if infos.err then return false end
  for _, info in ipairs(infos) do
    for i = 1, #info, 2 do if info[i] == 'name' and info[i + 1] == group then return true end end
  end
  return false
end
if what == 'replay' and not isKnown() then return 0 end
local from = '-'
while true do
  local entries = redis.call('XRANGE', KEYS[3], from, '+', 'COUNT', 100)
  if #entries == 0 then return 0 end
  for _, entry in ipairs(entries) do
    local fields = entry[2]
    if fields[2] == eventId and fields[4] == group then
      if what == 'replay' then
        redis.pcall('XGROUP', 'CREATE', KEYS[2], group, '0', 'MKSTREAM')
        redis.call('XADD', KEYS[2], '*', unpack(fields, 11))
      end
      redis.call('XDEL', KEYS[3], entry[1])
      return 1
    end
    from = '(' .. entry[1]
  end
end
`
