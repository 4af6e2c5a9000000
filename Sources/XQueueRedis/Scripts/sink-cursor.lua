-- Up to where a sink's events have been acknowledged.
--
-- KEYS  [1] tag
-- ARGV  [1] sink
-- reply the cursor, or nothing
-- include keys

return redis.call('HGET', SINKS, ARGV[1])
