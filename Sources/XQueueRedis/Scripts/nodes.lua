-- Returns the live nodes.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin
-- reply for each node: when it last announced itself, its announcement
-- include keys clock

local reply = {}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', NODE_TIMES, string.format('(%.0f', now), '+inf')) do
  local said = redis.call('HGET', NODES, name)
  if said then
    local heard_at, rest = READ(ANNOUNCEMENT, said)
    reply[#reply + 1] = heard_at
    reply[#reply + 1] = string.sub(said, rest)
  end
end
return reply
