-- How a task is kept: a definition that never changes, and a state once it has moved for the first time.
-- Both are packed by the rules of Lua's struct library, as the forms DEFINITION and STATE: Swift describes them, in
-- Layout/Forms.swift, and FormMacros.swift says how a script names their fields. NONE stands for "no time".
--
-- Behind a definition stands the payload, and behind that texts that no script looks at. Behind a state stand the error and the
-- progress message. In texts that may be missing, '' is a missing one and '=' stands before one that is there.

-- A line of the list of ended tasks: an identifier, and when the task ended. The list is in the order of ends. If the clock
-- was set back, so that an end would be out of order, its line goes into the sorted set ODD_ENDS instead.
-- define AFTER_ID 17

-- In memory a task is a table: the fields of its state by number, and by name what this call needs. All
-- names are there from the beginning, since a table of Lua's that grows is made anew.
--
-- due, timetable, band, place, indexed and has_state say how the task stands in the store; see write().

-- The tasks this call has looked at, by identifier; false for one that does not exist.
local tasks = {}
local changed, changes = {}, 0

local function due_of(t)
  local status = t[STATUS]
  if status == $PENDING then
    if t[REASON] == $SCHEDULED then return t[RUN] end
    return t[QUEUE_DEADLINE]
  elseif status == $PROCESSING then
    return t[EXPIRES]
  end
  return NONE
end

-- Where that time stands: among the leases, which are few, or among those of waiting tasks, which may be
-- millions; nil for a task that time does not change.
local function timetable_of(t, due)
  if t[STATUS] == $PROCESSING then return LEASES end
  return due ~= NONE and TIME or nil
end

-- The score in sorted sets that hold tasks by status.
local function band_of(t)
  if t[STATUS] == $PENDING and t[REASON] == $SCHEDULED then return $SCHEDULED_BAND end
  return t[STATUS]
end

-- Ready tasks stand in the queue of their type, all others in its index.
local function is_indexed(t)
  return t[STATUS] ~= $PENDING or t[REASON] ~= $READY
end

-- The history of a key holds all its tasks: first the ready ones in the order of the queue, then those that have a
-- band, under that, and then the parked ones, by their limit, and again in the order of the queue. A task that leaves
-- the ready or the parked ones stands under $PENDING until the call ends, which gives it another place.
-- define READY_PLACE -1
-- define PARKED_PLACE -2
local function place_of(t)
  if t[STATUS] ~= $PENDING then return t[STATUS] end
  if t[REASON] == $READY then return READY_PLACE end
  return t[REASON] == $PARKED and PARKED_PLACE or $SCHEDULED_BAND
end

-- Notes how the task stands in the store.
local function as_stored(t)
  t.due = due_of(t)
  t.timetable = timetable_of(t, t.due)
  t.band, t.indexed, t.place = band_of(t), is_indexed(t), place_of(t)
  return t
end

-- The metadata behind a payload that begins at that place: the second text there; '' if there is none.
local function metadata_behind(packed, payload)
  if string.byte(packed, -1) ~= 0 then return '' end
  local trace = string.find(packed, '\0', payload, true)
  local start = string.find(packed, '\0', trace + 1, true)
  local last = start and string.find(packed, '\0', start + 1, true)
  return last and string.sub(packed, start + 1, last - 1) or ''
end

-- The same of a task whose definition is not at hand.
local function metadata_from(id)
  local definition = redis.call('HGET', TASKS, id)
  return definition and metadata_behind(definition, FIELD(DEFINITION, REST, definition)) or ''
end

-- What the flags of a state say.
local function flags_of(unique_key, metadata)
  return (unique_key == '' and 0 or $IS_UNIQUE) + (metadata == '' and 0 or $IS_TAGGED)
end

-- A task that has no state, since it has not moved since it was submitted, but for being parked: then it stands in the
-- index. One that is known to be ready need not be looked for there.
local function fresh(id, definition, is_known)
  local d = {struct.unpack(DEFINITION, definition)}
  local metadata = metadata_behind(definition, d[DEFINITION_REST])
  local reason, deadline = $READY, NONE
  if d[FIRST_RUN] > d[CREATED] then
    reason = $SCHEDULED
  elseif d[QUEUE_TIMEOUT] ~= NONE then
    deadline = d[CREATED] + d[QUEUE_TIMEOUT]
  end
  if not is_known and reason == $READY and d[DEFINED_KEY] ~= ''
    and redis.call('ZSCORE', index_of(d[DEFINED_TYPE]), id) then
    reason = $PARKED
  end
  return as_stored({
    id = id, error = '', message = '', metadata = metadata, definition = d, packed = false, changed = false,
    left_running = false, due = NONE, timetable = false, band = 0, indexed = true,
    place = 0, has_state = false,
    FIELDS(STATE, {
      status = $PENDING, reason = reason, flags = flags_of(d[UNIQUE_KEY], metadata),
      updated = d[CREATED], run = d[FIRST_RUN], queue_deadline = deadline,
      limit = d[DEFINED_LIMIT], type = d[DEFINED_TYPE], key = d[DEFINED_KEY],
    }),
  })
end

local function decode(id, blob)
  local t = {
    id = id, error = '', message = '', metadata = false, definition = false, packed = false, changed = false,
    left_running = false, due = NONE, timetable = false, band = 0, indexed = true,
    place = 0, has_state = true,
    struct.unpack(STATE, blob)
  }
  local at, length = t[STATE_REST], t[ERROR_LENGTH]
  if at <= #blob then
    t.error = string.sub(blob, at, at + length - 1)
    t.message = string.sub(blob, at + length)
  end
  return as_stored(t)
end

local function encode(t)
  local length = #t.error
  t[ERROR_LENGTH] = length
  local packed = struct.pack(STATE, unpack(t, 1, STATE_SIZE))
  if length == 0 and t.message == '' then return packed end
  return packed .. t.error .. t.message
end

local function definition_of(t)
  local d = t.definition
  if not d then
    d = {struct.unpack(DEFINITION, redis.call('HGET', TASKS, t.id))}
    t.definition = d
  end
  return d
end

local function metadata_of(t)
  if not t.metadata then t.metadata = t[FLAGS] < $IS_TAGGED and '' or metadata_from(t.id) end
  return t.metadata
end

-- More than twice as much as any priority.
-- define STEP 8589934592

-- The task's score at a place. Even that of the largest limit is a whole number that a double holds.
local function score_at(place, t)
  if place == READY_PLACE then return -STEP - definition_of(t)[PRIORITY] end
  return place == PARKED_PLACE and t[LIMIT] * STEP - definition_of(t)[PRIORITY] or place
end

-- Looks at many tasks in one call.
local function load(ids)
  for first = 1, #ids, 1000 do
    local last = math.min(first + 999, #ids)
    local states = redis.call('HMGET', STATES, unpack(ids, first, last))
    for i = first, last do
      local id = ids[i]
      if tasks[id] == nil then
        local state = states[i - first + 1]
        if state then
          tasks[id] = decode(id, state)
        else
          local definition = redis.call('HGET', TASKS, id)
          tasks[id] = definition and fresh(id, definition)
        end
      end
    end
  end
end

local function task(id)
  if tasks[id] == nil then load({id}) end
  return tasks[id]
end

-- A call ends with the states of all tasks it changed, so each is packed once.
local function encode_once(t)
  if not t.packed then t.packed = encode(t) end
  return t.packed
end

-- The task's places will be written when the call ends.
local function move(t)
  if not t.changed then
    t.changed = true
    changes = changes + 1
    changed[changes] = t
  end
end

-- The task's places and its state will be written when the call ends.
local function change(t)
  t.has_state = true
  move(t)
end

local function state_of(id, definition)
  local state = redis.call('HGET', STATES, id)
  if state or FIELD(DEFINITION, DEFINED_KEY, definition) == '' then return state end
  local t = fresh(id, definition)
  return t[REASON] == $PARKED and encode(t)
end

-- What Swift needs to make a record: identifier, definition, state, result, errors.
local function record(id)
  local definition = redis.call('HGET', TASKS, id)
  if not definition then return false end
  return {
    id, definition, state_of(id, definition), redis.call('HGET', RESULTS, id),
    redis.call('HGET', ERRORS, id),
  }
end
