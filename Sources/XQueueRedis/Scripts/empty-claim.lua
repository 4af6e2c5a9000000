-- The fast path of claims that find nothing: it needs none of the functions that the rest of the script begins with.

local queues, at = {}, 9
while at <= #ARGV do
  local first = at + 3
  at = first + math.max(0, tonumber(ARGV[at + 2]))
  for i = first, at - 1 do queues[#queues + 1] = KEYS[1] .. ':ready:' .. ARGV[i] end
end
if not queues[1] or redis.call('EXISTS', unpack(queues)) == 0 then
  if redis.replicate_commands then redis.replicate_commands() end
  -- A server that takes no writes must reject this call as it rejects others: see may-grow.lua.
  redis.call('DEL', KEYS[1] .. ':probe')
  local now = tonumber(ARGV[1])
  if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return {now, 0, -1, 0}
end
