-- Applies what time alone has made due.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] most tasks  [4] a random number in 0..<1 for back-offs
-- reply time, ready, due, number of changed tasks, when the next is due or -1
-- include keys clock may-grow records writes places machine

local ids = redis.call('ZRANGEBYSCORE', TIME, 0, now, 'LIMIT', 0, tonumber(ARGV[3]))
load(ids)
local draw = tonumber(ARGV[4])
local swept = 0
for _, id in ipairs(ids) do
  local t = tasks[id]
  if t then
    expire(t, draw)
    swept = swept + 1
  else
    -- Nothing else can take out a line of time whose task is gone.
    redis.call('ZREM', TIME, id)
  end
end
refill_touched()
local reply = finish()
local head = redis.call('ZRANGEBYSCORE', TIME, 0, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
reply[4], reply[5] = swept, head[2] and tonumber(head[2]) or -1
return reply
