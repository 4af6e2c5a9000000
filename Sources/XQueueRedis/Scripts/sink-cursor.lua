-- Returns the cursor up to which a sink has acknowledged events.
--
-- KEYS  [1] tag
-- ARGV  [1] sink
-- reply the cursor, or null
-- include keys

return redis.call('HGET', SINKS, ARGV[1])
