-- Takes, renews or gives back the lease of the node that does maintenance.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] the node's name  [4] milliseconds, or '' to give it back
-- reply 1 if the node has the lease now, or else 0
-- include keys clock may-grow

local holder, expires = unpack(redis.call('HMGET', MAINTENANCE, 'node', 'expires'))
local is_mine = holder == ARGV[3]
if ARGV[4] == '' then
  if is_mine then redis.call('DEL', MAINTENANCE) end
  return 0
end
if holder and not is_mine and tonumber(expires) > now then return 0 end
redis.call('HSET', MAINTENANCE, 'node', ARGV[3], 'expires', string.format('%.0f', now + ARGV[4]))
return 1
