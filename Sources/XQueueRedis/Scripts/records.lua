-- A task is stored as a definition, which only a rewriting changes, and, from its first change on, a state. Both are packed
-- by Lua's struct library, as the forms DEFINITION and STATE. Layout/Forms.swift describes the forms, and
-- FormMacros.swift how scripts access their fields. NONE stands for "no time".
--
-- A definition is followed by the payload and by strings that scripts ignore, a state by the error and the progress
-- message. An optional string is '' if it is missing, and otherwise has a leading '='.

-- The position of the time in an entry of the list of ended tasks, after the identifier. The list is in the order of
-- these times. If the clock was set back, later entries go to the sorted set ODD_ENDS instead.
-- define AFTER_ID 17

-- In memory a task is a table: the fields of its state by number, and further values of this call by name. All names
-- are present from the start, since Lua reallocates a growing table.
--
-- due, timetable, band, place, indexed and has_state describe what is stored; see write().

-- The tasks this call has loaded, by identifier; false for a task that does not exist.
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

-- The sorted set of the due time: that of the leases, which are few, or that of pending tasks, which may be millions;
-- nil for a task that is never due.
local function timetable_of(t, due)
  if t[STATUS] == $PROCESSING then return LEASES end
  return due ~= NONE and TIME or nil
end

-- The score in sorted sets ordered by status.
local function band_of(t)
  if t[STATUS] == $PENDING and (t[REASON] == $SCHEDULED or t[REASON] == $BLOCKED) then return $SCHEDULED_BAND end
  return t[STATUS]
end

-- Ready tasks are in the queue of their type, all others in its index.
local function is_indexed(t)
  return t[STATUS] ~= $PENDING or t[REASON] ~= $READY
end

-- The history of a key contains all its tasks: first the ready ones in queue order, then those with a band as score,
-- then the parked ones by limit and in queue order. A task that stops being ready or parked has the score $PENDING
-- until the end of the call, which sets its new place.
-- define READY_PLACE -1
-- define PARKED_PLACE -2
local function place_of(t)
  if t[STATUS] ~= $PENDING then return t[STATUS] end
  if t[REASON] == $READY then return READY_PLACE end
  return t[REASON] == $PARKED and PARKED_PLACE or $SCHEDULED_BAND
end

-- Records what is stored of the task.
local function as_stored(t)
  t.due = due_of(t)
  t.timetable = timetable_of(t, t.due)
  t.band, t.indexed, t.place = band_of(t), is_indexed(t), place_of(t)
  return t
end

-- Returns the metadata, which is the second string after the payload at that position; '' if there is none.
local function metadata_behind(packed, payload)
  if string.byte(packed, -1) ~= 0 then return '' end
  local trace = string.find(packed, '\0', payload, true)
  local start = string.find(packed, '\0', trace + 1, true)
  local last = start and string.find(packed, '\0', start + 1, true)
  return last and string.sub(packed, start + 1, last - 1) or ''
end

-- The same for a task whose definition is not loaded.
local function metadata_from(id)
  local definition = redis.call('HGET', TASKS, id)
  return definition and metadata_behind(definition, FIELD(DEFINITION, REST, definition)) or ''
end

-- The flags of a state.
local function flags_of(unique_key, metadata)
  return (unique_key == '' and 0 or $IS_UNIQUE) + (metadata == '' and 0 or $IS_TAGGED)
end

-- Makes a task without a stored state: it is unchanged since its submission, or only parked, and then in the index.
-- is_known skips that check for a task known to be ready.
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

-- More than twice the magnitude of any priority.
-- define STEP 8589934592

-- The task's score at a place, which a double represents exactly even for the largest limit.
local function score_at(place, t)
  if place == READY_PLACE then return -STEP - definition_of(t)[PRIORITY] end
  return place == PARKED_PLACE and t[LIMIT] * STEP - definition_of(t)[PRIORITY] or place
end

-- Loads many tasks with few commands.
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

-- States are written at the end of the call, so each is packed only once.
local function encode_once(t)
  if not t.packed then t.packed = encode(t) end
  return t.packed
end

-- Marks the task's places to be written at the end of the call.
local function move(t)
  if not t.changed then
    t.changed = true
    changes = changes + 1
    changed[changes] = t
  end
end

-- Marks the task's places and state to be written at the end of the call.
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

-- Returns the parts of a record for Swift: identifier, definition, state, result, errors.
local function record(id)
  local definition = redis.call('HGET', TASKS, id)
  if not definition then return false end
  return {
    id, definition, state_of(id, definition), redis.call('HGET', RESULTS, id),
    redis.call('HGET', ERRORS, id),
  }
end
