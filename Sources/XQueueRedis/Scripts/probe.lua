-- Fails if the server would not accept a task now.
--
-- KEYS  [1] tag
-- reply 1
-- include keys

redis.call('SET', PROBE, 1, 'EX', 60)
return 1
