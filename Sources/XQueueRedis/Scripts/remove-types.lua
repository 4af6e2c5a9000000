-- Removes types without tasks.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] 1 to remove even types that have a limit or are paused  [4…] types
-- reply for each type: 0, or the code of the reason to keep it
-- include keys clock may-grow

local function remove(type)
  local settings = redis.call('HGET', TYPES, type)
  if not settings then return $TYPE_NOT_FOUND end
  local counts = {}
  for status = $PENDING, $TIMEOUT do counts[#counts + 1] = status .. '/' .. type end
  for _, number in ipairs(redis.call('HMGET', COUNTS, unpack(counts))) do
    if number and tonumber(number) ~= 0 then return $TYPE_HAS_TASKS end
  end
  -- The counts are not trusted.
  if redis.call('EXISTS', ready_of(type), index_of(type)) > 0 then return $TYPE_HAS_TASKS end
  if ARGV[3] ~= '1' and settings ~= '0 0' then return $TYPE_IS_SET end
  redis.call('HDEL', TYPES, type)
  redis.call('HDEL', COUNTS, unpack(counts))
  return 0
end

local reply = {}
for i = 4, #ARGV do reply[#reply + 1] = remove(ARGV[i]) end
return reply
