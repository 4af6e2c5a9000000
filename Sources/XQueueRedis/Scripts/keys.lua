-- The keys of one queue. All begin with the queue's hash tag, which keeps them in one slot of a Redis Cluster.
-- A type contains no '/'. A concurrency key may contain any character and therefore comes last.
--
-- The names of keys that every script uses end with the number of the layout: see layouts.lua.
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
-- define SCHEDULES (TAG .. ':schedules')
-- define SCHEDULE_NAMES (TAG .. ':schedule-names')
-- define SCHEDULE_TIMES (TAG .. ':schedule-times')
-- define PROBE (TAG .. ':probe')
-- define CHANNEL (TAG .. ':signals')
-- define FLOW (TAG .. ':flow:')

-- Separates the type, or '' for all types, and the unique key in a field of UNIQUE. Unique keys contain no control characters.
-- define OF_TYPE '\t'

-- Caches the names of keys by type.
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
