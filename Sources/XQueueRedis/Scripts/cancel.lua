-- Cancels tasks; running ones are asked to stop.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] grace period in milliseconds  [4…] identifiers
-- reply time, ready, due, then for each task: 0 or the code of the rejection, and its record
-- include keys clock may-grow records log writes places unique machine

local GRACE = tonumber(ARGV[3])
local codes, requests = {}, {}

local function cancel(t)
  if not t then return $NOT_FOUND end
  if t[STATUS] == $PENDING then
    finish_task(t, $CANCELED)
  elseif t[STATUS] == $PROCESSING then
    if t[CANCEL] == NONE then
      t[DEADLINE] = earlier(now + GRACE, t[DEADLINE])
      t[EXPIRES] = earlier(t[EXPIRES], t[DEADLINE])
      t[CANCEL], t[UPDATED] = now, now
      change(t)
      requests[#requests + 1] = t.id
    end
  else
    return $ALREADY_ENDED
  end
  return 0
end

for i = 4, #ARGV do codes[i - 3] = cancel(task(ARGV[i])) end
refill_touched()
local reply = finish()
if #requests > 0 then
  redis.call('PUBLISH', CHANNEL, ORIGIN .. ' cancel ' .. table.concat(requests))
end
for i, code in ipairs(codes) do
  reply[2 * i + 2], reply[2 * i + 3] = code, record(ARGV[i + 3])
end
return reply
