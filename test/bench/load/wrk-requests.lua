-- For wrk: sends the requests of a file, each once and in order, so that none is a repetition of another.
--   wrk … -s wrk-requests.lua URL -- FILE BYTES [TEXT]
-- Every request is BYTES long. When there is none left it ends and says so, since wrk counts its
-- whole time nevertheless. With TEXT, an answer without it is counted as wrong. Prints one line of JSON.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  file = assert(io.open(args[1], "rb"))
  file:setvbuf("full", 1048576)
  bytes = tonumber(args[2])
  wrong = 0
  exhausted = 0
  if args[3] ~= nil then
    local text = args[3]
    -- Only where it is asked for: wrk hands every answer to Lua then.
    response = function(status, headers, body)
      if not string.find(body, text, 1, true) then wrong = wrong + 1 end
    end
  end
end

function request()
  local found = file:read(bytes)
  if found ~= nil and #found == bytes then return found end
  exhausted = 1
  wrk.thread:stop()
  return "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
end

function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local isExhausted = false
  for _, thread in ipairs(threads) do
    failed = failed + thread:get("wrong")
    isExhausted = isExhausted or thread:get("exhausted") == 1
  end
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"errors":%d,"isExhausted":%s,"p50Ms":%.3f,"p99Ms":%.3f}\n',
    summary.requests, summary.duration / 1000000, failed, tostring(isExhausted),
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
