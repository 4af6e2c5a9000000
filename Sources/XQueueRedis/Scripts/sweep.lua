-- Applies what time alone has made due.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] most tasks  [4] a random number in 0..<1 for back-offs
-- reply time, ready, due, number of changed tasks, when the next is due or -1
-- include keys clock may-grow ids records log writes places machine

local MOST = tonumber(ARGV[3])
local due, ids = {}, {}
for _, timetable in ipairs({TIME, LEASES}) do
  local found = redis.call('ZRANGEBYSCORE', timetable, '-inf', now, 'WITHSCORES', 'LIMIT', 0, MOST)
  for i = 1, #found, 2 do due[#due + 1] = {id = found[i], time = tonumber(found[i + 1])} end
end
table.sort(due, function(a, b)
  if a.time ~= b.time then return a.time < b.time end
  return is_older(a.id, b.id)
end)
for i = 1, math.min(MOST, #due) do ids[i] = due[i].id end
load(ids)

local draw = tonumber(ARGV[4])
local swept = 0
for _, id in ipairs(ids) do
  local t = tasks[id]
  if t then
    expire(t, draw)
    swept = swept + 1
  else
    -- Nothing else would take out the time of a task that is gone.
    redis.call('ZREM', TIME, id)
    redis.call('ZREM', LEASES, id)
  end
end
refill_touched()
local reply = finish()
local next_time = next_due()
reply[4], reply[5] = swept, next_time ~= NONE and next_time or -1
return reply
