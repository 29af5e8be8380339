import { exactLua, ledgerLua } from './redis-lua.ts'

/** What one run of these looks at: Redis serves nobody else meanwhile. */
const entriesMax = 2_000

/**
 * An event by its id, newest first, one bite of it. KEYS: stream. ARGV: event id, where to begin. Answers where to go on ('' at the end) and,
 * where it was found, its fields.
 */
export const findScript = `${exactLua}
local eventId, from = ARGV[1], ARGV[2]
local looked = 0
while looked < ${entriesMax} do
  local entries = redis.call('XREVRANGE', KEYS[1], from, '-', 'COUNT', 100)
  if #entries == 0 then return {''} end
  for _, entry in ipairs(entries) do
    local fields = entry[2]
    for i = 1, #fields - 1, 2 do
      if fields[i] == 'event_id' then
        if fields[i + 1] == eventId then return {'', exact(fields)} end
        break
      end
    end
    from = '(' .. entry[1]
  end
  looked = looked + #entries
end
return {from}
`

/**
 * Removes entries from the oldest on, one bite of it, up to the first that arrived at a time or later, and acknowledges them for every group:
 * Redis would go on counting them. KEYS: stream. ARGV: where to begin, that time (wall clock, ms), whether to count alone. An entry of
 * somebody else counts by the time in its id. Answers how many, and where to go on ('' at the end).
 */
export const purgeScript = `${ledgerLua}
local from, beforeMs, isDryRun = ARGV[1], tonumber(ARGV[2]), ARGV[3] == '1'
local count, isAtEnd, last = 0, false, nil
while count < ${entriesMax} and not isAtEnd do
  local entries = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', 100)
  if #entries == 0 then isAtEnd = true end
  for _, entry in ipairs(entries) do
    local arrivedMs = tonumber(field(entry, 'received_at_ms') or string.match(entry[1], '(%d+)-'))
    if not arrivedMs or arrivedMs >= beforeMs then isAtEnd = true break end
    count = count + 1
    last = entry[1]
    from = '(' .. last
  end
end
if last and not isDryRun then
  for _, group in ipairs(groups()) do
    while true do
      local pending = redis.call('XPENDING', KEYS[1], group.name, '-', last, 1000)
      if #pending == 0 then break end
      local ids = {}
      for i, info in ipairs(pending) do ids[i] = info[1] end
      redis.call('XACK', KEYS[1], group.name, unpack(ids))
    end
  end
  local ms, seq = string.match(last, '(%d+)-(%d+)')
  redis.call('XTRIM', KEYS[1], 'MINID', '=', ms .. '-' .. string.format('%.0f', tonumber(seq) + 1))
end
return {count, isAtEnd and '' or from}
`
