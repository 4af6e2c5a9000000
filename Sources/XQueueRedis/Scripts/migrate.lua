-- Migrates the queue to this layout, one small step per call. The node with the maintenance lease does it, and stores
-- its progress in META, so that another node can resume if the lease expires.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] the caller's mark  [4] lease in milliseconds  [5] maximum number of entries per step
-- reply {0} the queue has this layout; {1} a step was taken; {2} another node is migrating it; {3, node, …} nodes of an
--       older version are using it, with their announcements; {4, layout} it has a newer layout
-- include keys clock layouts

local layout = layout_of()
if layout > LAYOUT then return {4, layout == math.huge and -1 or layout} end
if layout == LAYOUT then return {0} end
if layout == 0 then
  establish()
  return {0}
end

-- Nodes of the older version, which announce themselves under another key.
local function older_nodes()
  local found = {}
  local names = redis.pcall('ZRANGEBYSCORE', TAG .. ':node-times', string.format('(%.0f', now), '+inf', 'LIMIT', 0, 20)
  for _, name in ipairs(names.err and {} or names) do
    local said = redis.call('HGET', NODES, name)
    if said then
      local heard_at, rest = READ(ANNOUNCEMENT, said)
      found[#found + 1] = string.sub(said, rest)
    end
  end
  return found
end

local progress = redis.call('HGET', META, 'migration')
if not progress then
  local nodes = older_nodes()
  if nodes[1] then return {3, unpack(nodes)} end
end

local expires, holder = string.match(redis.call('HGET', HELD, 'maintenance') or '', '^(%d+) (.*)$')
if holder and holder ~= ARGV[3] and tonumber(expires) > now then return {2} end
redis.call('HSET', HELD, 'maintenance', string.format('%.0f %s', now + ARGV[4], ARGV[3]))

-- Unique keys to be rewritten with their types.
local OLD_UNIQUE = TAG .. ':unique.1'

-- Moves the mark of a remote worker to the state. Layout 1 used a range of lease tokens. Leases are few.
-- define REMOTE_TOKENS 2251799815782400
local function mark_remote_workers()
  for _, id in ipairs(redis.call('ZRANGE', LEASES, 0, -1)) do
    local state = redis.call('HGET', STATES, id)
    if state then
      local ALL = READ(STATE, state)
      if status == $PROCESSING and token >= REMOTE_TOKENS then
        redis.call('HSET', STATES, id, WRITE(STATE, ALL, {reason = $REMOTE}) .. string.sub(state, rest))
      end
    end
  end
end

-- First, atomically renames the keys that every older script uses. From then on no older version changes the queue.
local function fence()
  for _, name in ipairs(FENCED) do
    local old, new = TAG .. name, TAG .. name .. '.$LAYOUT'
    -- Old leases are dropped: the caller holds the maintenance lease under the new name.
    if name ~= ':held' and redis.call('EXISTS', old) == 1 then redis.call('RENAME', old, new) end
    redis.call('SET', old, FENCE)
  end
  if redis.call('EXISTS', UNIQUE) == 1 then redis.call('RENAME', UNIQUE, OLD_UNIQUE) end
  mark_remote_workers()
  redis.call('HSET', META, 'migration', 'unique keys 0')
end

-- Then adds the type of their task to the unique keys of early builds of 0.1, which applied to all types, and drops
-- those of removed tasks. Migrated keys are removed from the old hash, so a cursor that is invalid after a failover
-- only costs another scan.
local function type_unique_keys(most)
  local found = redis.call('HSCAN', OLD_UNIQUE, string.match(progress, '%d+$'), 'COUNT', most)
  local entries = found[2]
  for i = 1, #entries, 2 do
    local field, id = entries[i], entries[i + 1]
    if string.find(field, OF_TYPE, 1, true) then
      redis.call('HSET', UNIQUE, field, id)
    else
      local definition = redis.call('HGET', TASKS, id)
      if definition then
        redis.call('HSETNX', UNIQUE, FIELD(DEFINITION, DEFINED_TYPE, definition) .. OF_TYPE .. field, id)
      end
    end
    redis.call('HDEL', OLD_UNIQUE, field)
  end
  redis.call('HSET', META, 'migration', 'unique keys ' .. found[1])
end

if not progress then
  fence()
elseif redis.call('EXISTS', OLD_UNIQUE) == 1 then
  type_unique_keys(tonumber(ARGV[5]))
else
  establish()
  redis.call('HDEL', META, 'migration')
  redis.call('HDEL', HELD, 'maintenance')
  return {0}
end
return {1}
