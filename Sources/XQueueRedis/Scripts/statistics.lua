-- Returns statistics of the queue at one point in time.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] maximum number of keys to list
-- reply time, {type, settings, …}, {name, count, …}, number of keys in use,
--       {key, running, largest limit, parked, …}, when the oldest pending task that is not scheduled was submitted
--       or -1, the flow of the last minute as {name, count, …},
--       the flow of each second as {seconds ago, {name, count, …}, …}
-- include keys clock ids

local types = redis.call('HGETALL', TYPES)

local oldest
local function consider(id)
  if id and (not oldest or is_older(id, oldest)) then oldest = id end
end

-- Checks the first task of each priority, up to this number of priorities.
-- define PRIORITIES 100
for i = 1, #types, 2 do
  consider(redis.call('ZRANGEBYSCORE', index_of(types[i]), $PENDING, $PENDING, 'LIMIT', 0, 1)[1])
  local queue, from = ready_of(types[i]), 0
  for _ = 1, PRIORITIES do
    local first = redis.call('ZRANGE', queue, from, from, 'WITHSCORES')
    if not first[1] then break end
    consider(first[1])
    from = from + redis.call('ZCOUNT', queue, first[2], first[2])
  end
end
local made = -1
if oldest then made = FIELD(DEFINITION, CREATED, redis.call('HGET', TASKS, oldest)) end

local keys = {}
local busiest = redis.call('ZRANGE', KEYS_IN_USE, 0, tonumber(ARGV[3]) - 1, 'WITHSCORES')
for i = 1, #busiest, 2 do
  local key = busiest[i]
  local parked = 0
  for _, number in ipairs(redis.call('HVALS', parked_of(key))) do parked = parked + (tonumber(number) or 0) end
  keys[#keys + 1] = key
  keys[#keys + 1] = -tonumber(busiest[i + 1])
  keys[#keys + 1] = tonumber(redis.call('ZREVRANGE', running_of(key), 0, 0, 'WITHSCORES')[2] or 0)
  keys[#keys + 1] = parked
end

local flow, recent = {}, {}
local second = math.floor(now / 1000)
for back = 0, 59 do
  local fields = redis.call('HGETALL', FLOW .. (second - back))
  for i = 1, #fields, 2 do
    fields[i + 1] = tonumber(fields[i + 1]) or 0
    flow[fields[i]] = (flow[fields[i]] or 0) + fields[i + 1]
  end
  if back > 0 and #fields > 0 then
    recent[#recent + 1] = back
    recent[#recent + 1] = fields
  end
end
local flows = {}
for what, number in pairs(flow) do
  flows[#flows + 1] = what
  flows[#flows + 1] = number
end

return {
  now, types, redis.call('HGETALL', COUNTS), redis.call('ZCARD', KEYS_IN_USE), keys, made, flows,
  recent,
}
