-- Extends leases.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] lease in milliseconds, then for each attempt: identifier, token
-- reply time, ready, due, then for each attempt: 0 held, 1 held and asked to stop, 2 lost
-- include keys clock may-grow records log writes

local ids = {}
for i = 4, #ARGV, 2 do ids[#ids + 1] = ARGV[i] end
load(ids)

local LEASE = tonumber(ARGV[3])
local outcomes = {}
for i, id in ipairs(ids) do
  local t = tasks[id]
  if t and t[STATUS] == $PROCESSING and t[TOKEN] == tonumber(ARGV[2 * i + 3]) then
    t[EXPIRES] = math.min(now + LEASE, t[DEADLINE])
    change(t)
    outcomes[i] = t[CANCEL] == NONE and $HELD or $STOP
  else
    outcomes[i] = $LOST
  end
end
local reply = finish()
for i = 1, #outcomes do reply[i + 3] = outcomes[i] end
return reply
