-- The types with their settings, and all counts.
--
-- KEYS  [1] tag
-- reply {type, settings, …}, {count's name, count, …}
-- include keys

return {redis.call('HGETALL', TYPES), redis.call('HGETALL', COUNTS)}
