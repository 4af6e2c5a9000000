-- Writes a schedule and inserts the tasks that it submits, if its stored version is the expected one.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] maximum number of pending tasks  [4] maximum number of types
--       [5] name  [6] expected version  [7] when it is due, or ''  [8] the rest of the record
--       [9] number of events, for each: identifier, type, change  […] one caller: see submit.lua
-- reply time, ready, due, then {-1, the stored record or false} for another version, or what insert.lua replies to the caller
-- include keys clock records log writes places unique machine rewriting submit timetable

local name, expected, due_at = ARGV[5], tonumber(ARGV[6]), ARGV[7]
local stored_schedule = schedule_of(name)
if version_of(stored_schedule) ~= expected then return {now, 0, -1, {-1, stored_schedule}} end
-- Without tasks no limit applies.
local first_event, events = 10, tonumber(ARGV[9])
local at = first_event + 3 * events
local answers = ARGV[at] == '0' and {0} or submit(at)[1]
if answers[1] == 0 then
  redis.call('HSET', SCHEDULES, name, string.format('%.0f ', expected + 1) .. due_at .. ' ' .. ARGV[8])
  redis.call('ZADD', SCHEDULE_NAMES, 0, name)
  if due_at == '' then
    redis.call('ZREM', SCHEDULE_TIMES, name)
  else
    redis.call('ZADD', SCHEDULE_TIMES, due_at, name)
    will_be_due(tonumber(due_at))
  end
  for event = first_event, at - 3, 3 do tell_schedule(ARGV[event], ARGV[event + 1], ARGV[event + 2]) end
end
local reply = finish()
reply[4] = show(answers)
return reply
