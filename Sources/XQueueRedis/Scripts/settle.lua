-- Ends attempts.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin, then for each attempt: identifier, packed outcome
-- reply time, ready, due, then for each attempt: status and version, or minus the refusal's code and 0
-- include keys clock may-grow records writes places machine

local HEAD = '>I8BBdI2'

local function settle(t, packed)
  if not t then return -$NOT_FOUND, 0 end
  local token, kind, reports, percent, length, at = struct.unpack(HEAD, packed)
  if t[STATUS] ~= $PROCESSING or t[TOKEN] ~= token then return -$LEASE_IS_LOST, 0 end
  if reports == 1 then
    t[PERCENT] = percent
    t[MESSAGE] = string.sub(packed, at, at + length - 1)
  end
  at = at + length
  if kind == $SUCCEEDED then
    if at <= #packed then push(queue('HSET', RESULTS), t.id, string.sub(packed, at)) end
    t[ERROR] = ''
    finish_task(t, $SUCCESS)
  elseif kind == $HAS_FAILED then
    local failure, permanent, waits, delay, draw, text = struct.unpack('>BBBdd', packed, at)
    fail(t, string.sub(packed, text), failure, permanent == 1, waits == 1 and delay or nil, draw)
  elseif t[CANCEL] ~= NONE then
    finish_task(t, $CANCELED)
  elseif kind == $SNOOZED then
    wait(t, now + struct.unpack('>d', packed, at))
  else
    wait(t, now)
  end
  return t[STATUS], t[VERSION]
end

local ids = {}
for i = 3, #ARGV, 2 do ids[#ids + 1] = ARGV[i] end
load(ids)

local outcomes = {}
for i, id in ipairs(ids) do
  outcomes[2 * i - 1], outcomes[2 * i] = settle(tasks[id], ARGV[2 * i + 2])
end
refill_touched()
local reply = finish()
for i = 1, #outcomes do reply[i + 3] = outcomes[i] end
return reply
