-- Stores the cursor up to which a sink has acknowledged events, if the node holds the sink's lease.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] lease  [4] the node's name  [5] sink  [6] cursor
-- reply 1 if it was stored, or else 0
-- include keys clock may-grow

local expires, holder = string.match(redis.call('HGET', HELD, ARGV[3]) or '', '^(%d+) (.*)$')
if holder ~= ARGV[4] or tonumber(expires) <= now then return 0 end
redis.call('HSET', SINKS, ARGV[5], ARGV[6])
return 1
