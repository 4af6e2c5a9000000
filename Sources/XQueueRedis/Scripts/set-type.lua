-- Sets the limit of a type, or pauses or resumes it.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] type  [4] maximum number of types  [5] 'limit' or 'paused'  [6] the value
-- reply time, ready, due, 0 or the code of the rejection
-- include keys clock may-grow records log writes

local TYPE_NAME = ARGV[3]
local settings = redis.call('HGET', TYPES, TYPE_NAME)
if not settings and redis.call('HLEN', TYPES) >= tonumber(ARGV[4]) then
  return {now, 0, -1, $TOO_MANY_TYPES}
end
local limit, paused = string.match(settings or '0 0', '^(%d+) (%d)$')
-- Invalid settings are replaced.
limit, paused = limit or '0', paused or '0'
if ARGV[5] == 'limit' then limit = ARGV[6] else paused = ARGV[6] end
redis.call('HSET', TYPES, TYPE_NAME, limit .. ' ' .. paused)
became_ready = true
local reply = finish()
reply[4] = 0
return reply
