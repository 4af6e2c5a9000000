-- Removes a schedule.
--
-- KEYS  [1] tag
-- ARGV  [1] name  [2] expected version, or ''
-- reply 1 if it was removed, or else the stored record or false
-- include keys timetable

local stored_schedule = schedule_of(ARGV[1])
if not stored_schedule or ARGV[2] ~= '' and version_of(stored_schedule) ~= tonumber(ARGV[2]) then
  return {0, stored_schedule}
end
redis.call('HDEL', SCHEDULES, ARGV[1])
redis.call('ZREM', SCHEDULE_NAMES, ARGV[1])
redis.call('ZREM', SCHEDULE_TIMES, ARGV[1])
return {1}
