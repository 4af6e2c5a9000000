-- The keys of one queue. All of them carry the queue's hash tag, so that they live in one slot of a
-- Redis Cluster. A type holds no '/', a concurrency key may hold anything and so comes last.
--
-- KEYS[1]  the tag, such as {xqueue}
local TAG = KEYS[1]
local TASKS = TAG .. ':tasks'
local STATES = TAG .. ':states'
local RESULTS = TAG .. ':results'
local ERRORS = TAG .. ':errors'
local TIME = TAG .. ':time'
local LEASES = TAG .. ':leases'
local ENDED = TAG .. ':ended'
local TYPES = TAG .. ':types'
local COUNTS = TAG .. ':counts'
local UNIQUE = TAG .. ':unique'
local KEYS_IN_USE = TAG .. ':keys'
local NODES = TAG .. ':nodes'
local NODE_TIMES = TAG .. ':node-times'
local MAINTENANCE = TAG .. ':maintenance'
local PROBE = TAG .. ':probe'
local CHANNEL = TAG .. ':signals'
local FLOW = TAG .. ':flow:'

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
local function line_of(type, limit, key)
  return TAG .. ':line:' .. type .. '/' .. limit .. '/' .. key
end
local function waiting_of(type, key) return TAG .. ':waiting:' .. type .. '/' .. key end
local function history_of(type, key) return TAG .. ':history:' .. type .. '/' .. key end
local function history_types_of(key) return TAG .. ':history-types:' .. key end
