/**
 * The Lua that runs inside Redis, where deduplicating and storing can be one operation. Every key of a script lies in the hash slot of its
 * stream. Scripts check before they write: Redis rolls nothing back when a script fails half way.
 */

/**
 * Shared by the scripts that hand entries out. Bun's client decodes every reply as UTF-8 and so replaces bytes that are none; byte n therefore
 * travels as code point n. Only the reply is written so: what is stored are the bytes that Slack sent.
 */
export const exactLua = String.raw`
local codePoints = {}
for n = 128, 255 do codePoints[string.char(n)] = string.char(192 + math.floor(n / 64), 128 + n % 64) end
local function exact(fields)
  for i = 1, #fields do
    if string.find(fields[i], '[\128-\255]') then fields[i] = string.gsub(fields[i], '[\128-\255]', codePoints) end
  end
  return fields
end
`

/** Shared by the scripts that count or trim. KEYS[1] is the stream, KEYS[2] the record of what was ever added to it. */
export const ledgerLua = `
local function field(entry, name)
  local fields = entry[2]
  for i = 1, #fields - 1, 2 do if fields[i] == name then return fields[i + 1] end end
end
local function first(from)
  return redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', 1)[1]
end
-- Groups as name, lowest id not acknowledged (as XRANGE and MINID take it), entries delivered and not acknowledged.
local function groups()
  local found = {}
  if redis.call('EXISTS', KEYS[1]) == 0 then return found end
  for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local group = {}
    for i = 1, #info, 2 do group[info[i]] = info[i + 1] end
    local ms, seq = string.match(group['last-delivered-id'], '(%d+)-(%d+)')
    group.next = ms .. '-' .. string.format('%.0f', tonumber(seq) + 1)
    group.floor = group.pending > 0 and redis.call('XPENDING', KEYS[1], group.name)[2] or group.next
    found[#found + 1] = group
  end
  return found
end
local function isBelow(left, right)
  local leftMs, leftSeq = string.match(left, '(%d+)-(%d+)')
  local rightMs, rightSeq = string.match(right, '(%d+)-(%d+)')
  if leftMs == rightMs then return tonumber(leftSeq) < tonumber(rightSeq) end
  return tonumber(leftMs) < tonumber(rightMs)
end
local function lowest(ids)
  local low
  for _, id in ipairs(ids) do if not low or isBelow(id, low) then low = id end end
  return low
end
-- What was ever added (events, bytes) and the bytes that have left again. Lost with the key, it is read off the newest and oldest entries.
local function ledger()
  local kept = redis.call('HMGET', KEYS[2], 'events', 'bytes', 'removed_bytes')
  if not kept[1] then
    local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
    local seq = newest and field(newest, 'seq')
    if not seq then return 0, 0, 0 end
    local bytes = tonumber(field(newest, 'offset')) + #field(newest, 'body')
    redis.call('HSET', KEYS[2], 'events', tonumber(seq) + 1, 'bytes', bytes)
    return tonumber(seq) + 1, bytes, tonumber(field(first('-'), 'offset') or 0)
  end
  return tonumber(kept[1]), tonumber(kept[2]), tonumber(kept[3] or 0)
end
local function countRemoved(bytes)
  local oldest = first('-')
  local offset = oldest and field(oldest, 'offset') or bytes
  redis.call('HSET', KEYS[2], 'removed_bytes', offset)
  return tonumber(offset)
end
-- Whole nodes first, since they cost nothing, and in bounded steps; then what is left to the entry.
local function trimBelow(id)
  if redis.call('XTRIM', KEYS[1], 'MINID', '~', id, 'LIMIT', 10000) == 0 then
    return redis.call('XTRIM', KEYS[1], 'MINID', '=', id)
  end
  return 1
end
`
