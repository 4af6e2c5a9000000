-- Finds the schedules that are due.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] maximum number
-- reply time, when the next is due or -1, then name, record, …
-- include keys clock timetable

local due = redis.call('ZRANGEBYSCORE', SCHEDULE_TIMES, '-inf', now, 'LIMIT', 0, ARGV[3])
-- A name without a record, as after a partial restore, is never due.
for _, name in ipairs(due) do
  if not schedule_of(name) then redis.call('ZREM', SCHEDULE_TIMES, name) end
end
local reply = {now, tonumber(redis.call('ZRANGE', SCHEDULE_TIMES, 0, 0, 'WITHSCORES')[2] or -1)}
for _, element in ipairs(with_records(due)) do reply[#reply + 1] = element end
return reply
