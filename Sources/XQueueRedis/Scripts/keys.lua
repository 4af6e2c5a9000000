-- The keys of one queue. All of them carry the queue's hash tag, so that they live in one slot of a
-- Redis Cluster. A type holds no '/', a concurrency key may hold anything and so comes last.
--
-- Names that end with the number of the layout are those that every script touches: see layouts.lua.
--
-- KEYS[1]  the tag, such as {xqueue}
local TAG = KEYS[1]
-- define TASKS (TAG .. ':tasks')
-- define STATES (TAG .. ':states.$LAYOUT')
-- define RESULTS (TAG .. ':results')
-- define ERRORS (TAG .. ':errors')
-- define TIME (TAG .. ':time')
-- define LEASES (TAG .. ':leases')
-- define ENDED (TAG .. ':ended')
-- define ODD_ENDS (TAG .. ':odd-ends')
-- define TYPES (TAG .. ':types.$LAYOUT')
-- define COUNTS (TAG .. ':counts')
-- define UNIQUE (TAG .. ':unique')
-- define KEYS_IN_USE (TAG .. ':keys')
-- define META (TAG .. ':meta')
-- define NODES (TAG .. ':nodes')
-- define NODE_TIMES (TAG .. ':node-times.$LAYOUT')
-- define HELD (TAG .. ':held.$LAYOUT')
-- define EVENTS (TAG .. ':events')
-- define SINKS (TAG .. ':sinks')
-- define TRANSFER (TAG .. ':transfer')
-- define PROBE (TAG .. ':probe')
-- define CHANNEL (TAG .. ':signals')
-- define FLOW (TAG .. ':flow:')

-- The field of a unique key: its type, this, and the key, which holds no control character.
-- define OF_TYPE '\t'

-- The names of a call's few types are put together once.
local function named(prefix)
  local names = {}
  return function(type)
    local name = names[type]
    if not name then
      name = prefix .. type
      names[type] = name
    end
    return name
  end
end
local ready_of = named(TAG .. ':ready:')
local index_of = named(TAG .. ':index:')
local function running_of(key) return TAG .. ':running:' .. key end
local function parked_of(key) return TAG .. ':parked:' .. key end
local function history_of(type, key) return TAG .. ':history:' .. type .. '/' .. key end
