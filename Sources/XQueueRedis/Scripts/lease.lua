-- Acquires, renews or releases a lease, which one node of the cluster holds at a time.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] lease  [4] the node's name  [5] milliseconds, or '' to release it
-- reply 1 if the node holds the lease now, or else 0
-- include keys clock may-grow

local LEASE, NODE = ARGV[3], ARGV[4]
local held = redis.call('HGET', HELD, LEASE)
local expires, holder
if held then
  expires, holder = string.match(held, '^(%d+) (.*)$')
end
if ARGV[5] == '' then
  if holder == NODE then redis.call('HDEL', HELD, LEASE) end
  return 0
end
if holder and holder ~= NODE and tonumber(expires) > now then return 0 end
redis.call('HSET', HELD, LEASE, string.format('%.0f %s', now + ARGV[5], NODE))
return 1
