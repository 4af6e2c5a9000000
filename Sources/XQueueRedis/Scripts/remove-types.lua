-- Forgets types of which there are no tasks.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] 1 if even those go that have a limit or are paused  [4…] types
-- reply for each type: 0, or the code of why it stays
-- include keys clock may-grow

local function remove(type)
  local settings = redis.call('HGET', TYPES, type)
  if not settings then return $TYPE_NOT_FOUND end
  local counts = {}
  for status = $PENDING, $TIMEOUT do counts[#counts + 1] = status .. '/' .. type end
  for _, number in ipairs(redis.call('HMGET', COUNTS, unpack(counts))) do
    if number and tonumber(number) ~= 0 then return $TYPE_HAS_TASKS end
  end
  -- Whatever the counts say.
  if redis.call('EXISTS', ready_of(type), index_of(type)) > 0 then return $TYPE_HAS_TASKS end
  if ARGV[3] ~= '1' and settings ~= '0 0' then return $TYPE_IS_SET end
  redis.call('HDEL', TYPES, type)
  redis.call('HDEL', COUNTS, unpack(counts))
  return 0
end

local reply = {}
for i = 4, #ARGV do reply[#reply + 1] = remove(ARGV[i]) end
return reply
