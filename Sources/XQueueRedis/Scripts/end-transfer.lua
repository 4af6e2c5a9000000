-- Makes imported parked tasks ready where their keys have free tokens. One step per call.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] start of the step, at first 0  [4] maximum number of keys
--       [5] note of the transfer, stored after the last step
-- reply time, ready, due, start of the next step, or 0
-- include keys clock records log writes places

local found = redis.call('HSCAN', TRANSFER, ARGV[3], 'COUNT', ARGV[4])
for i = 1, #found[2], 2 do
  local field = found[2][i]
  if string.sub(field, 1, 1) == '=' then
    touch(string.sub(field, 2))
    redis.call('HDEL', TRANSFER, field)
  end
end
refill_touched()
if found[1] == '0' then redis.call('HSET', TRANSFER, 'note', ARGV[5]) end
local reply = finish()
reply[4] = found[1]
return reply
