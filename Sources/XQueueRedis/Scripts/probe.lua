-- Fails if a submission would fail now: memory is full, the user lacks a required right, or a key has the wrong type.
--
-- KEYS  [1] tag
-- reply 1, or an error that names the problem
-- include keys

-- The first write, which is rejected while memory is full.
redis.call('SET', PROBE, 1, 'EX', 60)

-- Every command of a submission, on a separate key. Nodes ignore the message.
local STEPS = {
  {'DEL', PROBE}, {'HSET', PROBE, 'a', 1}, {'HINCRBY', PROBE, 'a', 1}, {'EXPIRE', PROBE, 60},
  {'HGET', PROBE, 'a'}, {'HMGET', PROBE, 'a'}, {'HEXISTS', PROBE, 'a'}, {'HLEN', PROBE}, {'HKEYS', PROBE},
  {'HDEL', PROBE, 'a'},
  {'DEL', PROBE}, {'ZADD', PROBE, 0, 'a'}, {'ZSCORE', PROBE, 'a'}, {'ZRANGE', PROBE, 0, 0},
  {'ZCOUNT', PROBE, 0, 0}, {'ZCARD', PROBE}, {'ZRANK', PROBE, 'a'}, {'ZRANGEBYSCORE', PROBE, 0, 0}, {'ZINCRBY', PROBE, 1, 'a'},
  {'ZREM', PROBE, 'a'}, {'DEL', PROBE}, {'RPUSH', PROBE, 'a'},
  {'DEL', PROBE}, {'XADD', PROBE, '1-1', 'e', ''}, {'XRANGE', PROBE, '-', '+', 'COUNT', 1},
  {'XREVRANGE', PROBE, '+', '-', 'COUNT', 1}, {'XTRIM', PROBE, 'MAXLEN', 1}, {'XLEN', PROBE},
  {'DEL', PROBE}, {'SET', PROBE, 1, 'EX', 60}, {'PUBLISH', CHANNEL, 'probe'}, {'TIME'},
}
for _, step in ipairs(STEPS) do
  local reply = redis.pcall(unpack(step))
  if type(reply) == 'table' and reply.err then
    return redis.error_reply('NOPERM the Redis user may not ' .. step[1] .. ', which submissions need: ' .. reply.err)
  end
end

-- Reads a key, which fails unless it has the right type or does not exist.
local wrong
local function look(kind, key, ...)
  local reply = redis.pcall(kind, key, ...)
  if type(reply) == 'table' and reply.err then
    wrong = wrong or redis.error_reply((string.match(reply.err, '^%u+') or 'ERR') .. ' ' .. key
      .. ' cannot be read with ' .. kind .. ', or holds data of another kind: ' .. reply.err)
    return {}
  end
  return reply
end
for _, key in ipairs({TASKS, STATES, RESULTS, ERRORS, COUNTS, UNIQUE, META, NODES, HELD, SINKS}) do
  look('HLEN', key)
end
for _, key in ipairs({TIME, LEASES, KEYS_IN_USE, NODE_TIMES, ODD_ENDS}) do look('ZRANGE', key, 0, 0) end
look('LRANGE', ENDED, 0, 0)
look('XLEN', EVENTS)
-- Maximum number of types to check.
-- define TYPES_PROBED 100
for i, type in ipairs(look('HKEYS', TYPES)) do
  if i > TYPES_PROBED then break end
  look('ZRANGE', ready_of(type), 0, 0)
  look('ZRANGE', index_of(type), 0, 0)
end
return wrong or 1
