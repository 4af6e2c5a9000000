-- Finds the schedules that are due.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] maximum number
-- reply time, when the next is due or -1, then name, record, …
-- include keys clock timetable

local due = redis.call('ZRANGEBYSCORE', SCHEDULE_TIMES, '-inf', now, 'LIMIT', 0, ARGV[3])
local reply = {now, -1}
for _, name in ipairs(due) do
  local schedule = schedule_of(name)
  if schedule then
    reply[#reply + 1] = name
    reply[#reply + 1] = schedule
  else
    -- A name without a record, as after a partial restore, is never due.
    redis.call('ZREM', SCHEDULE_TIMES, name)
  end
end
reply[2] = tonumber(redis.call('ZRANGE', SCHEDULE_TIMES, 0, 0, 'WITHSCORES')[2] or -1)
return reply
