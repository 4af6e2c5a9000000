-- Returns a part of the event log, and where the log ends.
--
-- KEYS  [1] tag
-- ARGV  [1] the stream ID after that of the cursor  [2] the cursor's time  [3] its number  [4] maximum number of events
-- reply 1 if events after the cursor were removed, so that the reply begins with the oldest event, 2 if the cursor is
--       of another log, so that it begins with the first event that is not older, or else 0; the number of the newest
--       event; the ID of the newest entry if the reply has no entries, or else ''; then for each entry: ID, events as
--       packed by log.lua
-- include keys

local NUMBER, MOST = tonumber(ARGV[3]), tonumber(ARGV[4])

-- Maximum number of bytes per call.
-- define MOST_BYTES 4000000

local reply

-- Fills the reply with entries from an ID on, until they include the requested events after the cursor.
local function answer(from, number)
  local size, n, bytes, wanted = 4, 3, 0, nil
  reply = {0, 0, ''}
  while true do
    local found = redis.call('XRANGE', EVENTS, from, '+', 'COUNT', size)
    for _, entry in ipairs(found) do
      local batch = entry[2][2]
      local time, last = string.match(entry[1], '^(%d+)-(%d+)$')
      last = tonumber(last)
      wanted = wanted or math.max(number, FIELD(ENTRY, FIRST, batch) - 1) + MOST
      reply[n + 1], reply[n + 2] = entry[1], batch
      n, bytes = n + 2, bytes + #batch
      if last >= wanted or bytes > MOST_BYTES then return end
      from = string.format('%s-%.0f', time, last + 1)
    end
    if #found < size then return end
    size = math.min(128, 2 * size)
  end
end

answer(ARGV[1], NUMBER)
local id, batch, is_reset, is_rewound = reply[4], reply[5], false, false
if not id then
  local newest = redis.call('XREVRANGE', EVENTS, '+', '-', 'COUNT', 1)[1]
  if newest then reply[3] = newest[1] end
  is_rewound = NUMBER > 0 and reply[3] ~= ARGV[2] .. '-' .. ARGV[3]
else
  local first = FIELD(ENTRY, FIRST, batch)
  if NUMBER == 0 then
    -- The cursor precedes all events of a time. They are complete, unless the log was trimmed up to here.
    is_reset = first > 1 and redis.call('XRANGE', EVENTS, '-', '+', 'COUNT', 1)[1][1] == id
  elseif first > NUMBER then
    is_reset = first > NUMBER + 1
  else
    -- The cursor is within an entry, all of whose events have the same time.
    is_rewound = string.match(id, '^%d+') ~= ARGV[2]
  end
end
if is_rewound then
  local newest = reply[3]
  answer(ARGV[2] .. '-0', 0)
  -- The log may have been trimmed, too.
  local first = reply[4] and FIELD(ENTRY, FIRST, reply[5])
  local oldest = redis.call('XRANGE', EVENTS, '-', '+', 'COUNT', 1)[1]
  is_reset = first and first > 1 and oldest[1] == reply[4]
  reply[1] = 2
  if not reply[4] then reply[3] = newest end
end
if is_reset then
  answer('-', 0)
  reply[1] = 1
end
reply[2] = tonumber(redis.call('HGET', COUNTS, 'events') or 0)
return reply
