-- Returns the queue's birth mark, which is lost with its data; sets it if there is none.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] the mark to set
-- reply the mark, when it was set
-- include keys clock may-grow layouts

if redis.call('HSETNX', META, 'birth', ARGV[3]) == 1 then
  -- Any earlier data is gone, and its layout with it.
  establish()
  redis.call('HSET', META, 'born', string.format('%.0f', now))
end
return {redis.call('HGET', META, 'birth'), tonumber(redis.call('HGET', META, 'born') or 0)}
