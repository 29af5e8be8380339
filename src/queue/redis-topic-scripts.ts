import { exactLua, ledgerLua } from './redis-lua.ts'

/**
 * Deduplicates and stores. KEYS: stream, ledger, record of the id. ARGV: dedupe window (ms), events at most, bytes at most, what to do when
 * full, body, then the other fields. Answers outcome, how many others gave way, how many groups there are.
 */
export const addScript = `${ledgerLua}
if redis.call('EXISTS', KEYS[3]) == 1 then return {'duplicate', 0, 0} end
local eventsMax, bytesMax, whenFull, body = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5]
local length = redis.call('XLEN', KEYS[1])
local events, bytes, removed = ledger()
if length == 0 then removed = bytes end
local function isFull() return length >= eventsMax or bytes - removed + #body > bytesMax end
local dropped, groupCount = 0, 0
-- Others may have removed entries: what they freed counts.
if isFull() then removed = countRemoved(bytes) end
if isFull() then
  local known = groups()
  groupCount = #known
  if #body > bytesMax then return {'full', 0, groupCount} end
  if groupCount > 0 then
    local floors = {}
    for i, group in ipairs(known) do floors[i] = group.floor end
    trimBelow(lowest(floors))
    length, removed = redis.call('XLEN', KEYS[1]), countRemoved(bytes)
  end
  while isFull() do
    if groupCount > 0 and whenFull == 'refuse' then return {'full', 0, groupCount} end
    if length == 0 then break end
    local target = math.min(length, eventsMax) - 1
    dropped = dropped + redis.call('XTRIM', KEYS[1], 'MAXLEN', '=', target)
    length, removed = target, countRemoved(bytes)
  end
end
local seq = redis.call('HINCRBY', KEYS[2], 'events', 1) - 1
local offset = redis.call('HINCRBY', KEYS[2], 'bytes', #body) - #body
if length == 0 then redis.call('HSET', KEYS[2], 'removed_bytes', offset) end
local entry = {unpack(ARGV, 6)}
for _, value in ipairs({'seq', seq, 'offset', offset, 'body', body}) do entry[#entry + 1] = value end
redis.call('XADD', KEYS[1], '*', unpack(entry))
redis.call('SET', KEYS[3], '', 'PX', ARGV[1])
return {'stored', dropped, groupCount}
`

/**
 * How a topic stands. KEYS: stream, ledger, dead letters. ARGV: what the keys of replays begin with. Answers events and bytes kept, dead
 * letters, and the groups as [name, events not acknowledged, events and bytes kept because of it, received_at_ms of the oldest, idle ms].
 */
export const standScript = `${ledgerLua}
local events, bytes, removed = ledger()
local length = redis.call('XLEN', KEYS[1])
local result = {}
for _, group in ipairs(groups()) do
  local replays = redis.call('XLEN', ARGV[1] .. group.name)
  local oldest, new = first(group.floor), first(group.next)
  local seq = oldest and field(oldest, 'seq')
  local newSeq = new and field(new, 'seq')
  local idle = -1
  for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], group.name)) do
    for i = 1, #info, 2 do
      if info[i] == 'idle' and (idle < 0 or info[i + 1] < idle) then idle = info[i + 1] end
    end
  end
  result[#result + 1] = {
    group.name,
    group.pending + (newSeq and events - tonumber(newSeq) or 0) + replays,
    seq and events - tonumber(seq) or 0,
    seq and bytes - tonumber(field(oldest, 'offset')) or 0,
    oldest and field(oldest, 'received_at_ms') or '',
    idle,
  }
end
if length > 0 then removed = tonumber(field(first('-'), 'offset') or removed) else removed = bytes end
return {length, math.max(0, bytes - removed), redis.call('XLEN', KEYS[3]), result}
`

/**
 * Removes what every group has acknowledged and is older than ARGV[1] ms, and consumers that are gone (nothing pending, idle longer than
 * ARGV[2] ms) but ARGV[3]. KEYS: stream, ledger. Answers how many entries are left.
 */
export const tidyScript = `${ledgerLua}
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local time = redis.call('TIME')
local nowMs = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local bounds = {string.format('%.0f', math.max(0, nowMs - tonumber(ARGV[1]))) .. '-0'}
for _, group in ipairs(groups()) do
  bounds[#bounds + 1] = group.floor
  for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], group.name)) do
    local found = {}
    for i = 1, #info, 2 do found[info[i]] = info[i + 1] end
    if found.name ~= ARGV[3] and found.pending == 0 and found.idle > tonumber(ARGV[2]) then
      redis.call('XGROUP', 'DELCONSUMER', KEYS[1], group.name, found.name)
    end
  end
end
local events, bytes = ledger()
trimBelow(lowest(bounds))
if events > 0 then countRemoved(bytes) end
return redis.call('XLEN', KEYS[1])
`

/** The newest ARGV[1] entries of KEYS[1], newest first. */
export const newestScript = `${exactLua}
local entries = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', ARGV[1])
for _, entry in ipairs(entries) do exact(entry[2]) end
return entries
`

/** The oldest ARGV[2] entries of KEYS[1] from ARGV[1] on, oldest first. */
export const oldestScript = `${exactLua}
local entries = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])
for _, entry in ipairs(entries) do exact(entry[2]) end
return entries
`
