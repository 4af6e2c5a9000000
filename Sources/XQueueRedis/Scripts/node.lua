-- Registers a node, or deregisters it. Removes expired nodes.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] the node's name  [4] milliseconds until it expires, or '' to deregister it
--       [5] its announcement
-- reply time
-- include keys clock may-grow

if ARGV[4] == '' then
  redis.call('ZREM', NODE_TIMES, ARGV[3])
  redis.call('HDEL', NODES, ARGV[3])
else
  redis.call('ZADD', NODE_TIMES, now + ARGV[4], ARGV[3])
  redis.call('HSET', NODES, ARGV[3], WRITE(ANNOUNCEMENT, {heard_at = now}) .. ARGV[5])
end
for _, name in ipairs(redis.call('ZRANGEBYSCORE', NODE_TIMES, '-inf', now, 'LIMIT', 0, 100)) do
  redis.call('ZREM', NODE_TIMES, name)
  redis.call('HDEL', NODES, name)
end
return now
