-- Imports tasks from another store, with their state.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] note of the transfer, then for each task: identifier, definition with its times,
--       state or '' if it is unchanged since its submission, 1 if it is parked or else 0, result or '', errors or ''
-- reply time, ready, due, then for each task: 0 if it was imported, the existing record, or the code of the rejection
-- include keys clock records unique log writes places

-- A server that is out of memory rejects the call here.
redis.call('HSET', TRANSFER, 'note', ARGV[3])

local results, errors = queue('HSET', RESULTS), queue('HSET', ERRORS)

-- Takes the unique key of an unfinished task; returns false if another task has it.
local function take_unique_key(t)
  local key = definition_of(t)[UNIQUE_KEY]
  if key == '' or t[STATUS] > $PROCESSING then return true end
  return redis.call('HSETNX', UNIQUE, t[TYPE] .. OF_TYPE .. key, t.id) == 1
end

-- Adds the task to its sets; the indexes follow at the end of the call.
local function settle_in(t, is_parked)
  local status = t[STATUS]
  count(t[TYPE], status, 1)
  move(t)
  if status == $PROCESSING then
    enter_running(t)
  elseif status > $PROCESSING then
    -- Imported tasks are not in the order of their ends.
    push(queue('ZADD', ODD_ENDS), text(t[COMPLETED]), t.id .. WRITE(END, {ended_at = t[COMPLETED]}))
  elseif is_parked then
    park(t)
    redis.call('HSET', TRANSFER, '=' .. t[KEY], '')
  elseif t[REASON] == $READY then
    enter_ready(t)
  end
end

local function adopt(id, definition, state, is_parked, result, history)
  if redis.call('HEXISTS', TASKS, id) == 1 then return id end
  local t = state == '' and fresh(id, definition, true) or decode(id, state)
  t.definition = t.definition or {struct.unpack(DEFINITION, definition)}
  if not take_unique_key(t) then return $UNIQUE_KEY_TAKEN end
  -- Nothing is stored yet.
  t.indexed, t.band, t.place, t.due, t.timetable = false, false, false, NONE, false
  -- Immediately, since the same identifier may come again.
  redis.call('HSET', TASKS, id, definition)
  redis.call('HSETNX', TYPES, t[TYPE], '0 0')
  if result ~= '' then push(results, id, result) end
  if history ~= '' then push(errors, id, history) end
  settle_in(t, is_parked)
  return 0
end

local answers = {}
for i = 4, #ARGV, 6 do
  answers[#answers + 1] = adopt(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3] == '1', ARGV[i + 4], ARGV[i + 5])
end
local reply = finish()
for i, answer in ipairs(answers) do reply[i + 3] = type(answer) == 'string' and record(answer) or answer end
return reply
