-- Returns the types with their settings, and all counts.
--
-- KEYS  [1] tag
-- reply {type, settings, …}, {name, count, …}
-- include keys

return {redis.call('HGETALL', TYPES), redis.call('HGETALL', COUNTS)}
