-- Applies the due transitions of tasks: starts of scheduled ones, timeouts, expired leases.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] maximum number of tasks  [4] a random number in 0..<1 for back-offs
--       [5] 1 to derive a number for each task from it  [6] the time at and after which nothing may be changed
-- reply time, ready, due, number of changed tasks, when the next is due or -1, when the next schedule is due or -1
-- include keys clock may-grow ids records log writes places unique machine

local MOST = now < tonumber(ARGV[6]) and tonumber(ARGV[3]) or 0
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

local BASE, IS_SPREAD = tonumber(ARGV[4]), ARGV[5] == '1'

-- The task's own random number, derived from the base and the identifier as by SweepDraw in Swift.
local function draw_of(id)
  if not IS_SPREAD then return BASE end
  local a, b, c, d = struct.unpack('>I4I4I4I4', id)
  return (BASE + (a * 0.6180339887498949 % 1 + b * 0.4142135623730951 % 1 + c * 0.7320508075688772 % 1
    + d * 0.2360679774997898 % 1)) % 1
end

local swept = 0
for _, id in ipairs(ids) do
  local t = tasks[id]
  if t then
    expire(t, draw_of(id))
    swept = swept + 1
  else
    -- Nothing else would remove the due time of a task that no longer exists.
    redis.call('ZREM', TIME, id)
    redis.call('ZREM', LEASES, id)
  end
end
refill_touched()
local reply = finish()
local next_time = next_due()
reply[4], reply[5] = swept, next_time ~= NONE and next_time or -1
reply[6] = tonumber(redis.call('ZRANGE', SCHEDULE_TIMES, 0, 0, 'WITHSCORES')[2] or -1)
return reply
