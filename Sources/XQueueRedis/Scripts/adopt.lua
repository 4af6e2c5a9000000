-- Imports tasks from another store, with their state.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] note of the transfer, then for each task: identifier, definition with its times,
--       state or '' if it is unchanged since its submission, 1 if it is parked or else 0, result or '', errors or '', 1 if it holds its
--       unique key, 0 if not, or '' if its state says so
-- reply time, ready, due, then for each task: 0 if it was imported, the existing record, or the code of the rejection
-- include keys clock records log writes places unique

-- A server that is out of memory rejects the call here.
redis.call('HSET', TRANSFER, 'note', ARGV[3])

local results, errors = queue('HSET', RESULTS), queue('HSET', ERRORS)

-- Takes over what the task has to do with its unique key; returns false if another task has it. The holder and the task behind it
-- come in any order.
local function adopt_key(t, holds)
  local d = definition_of(t)
  if d[UNIQUE_KEY] == '' then return true end
  local field, ends, window = rule_of(t[TYPE], d[UNIQUE_KEY])
  local entry = stored_entry(field)
  if t[STATUS] == $PENDING and t[REASON] == $BLOCKED then
    entry = entry or {holder = EXPECTED, expires = NONE}
    entry.next = t.id
    save_entry(field, entry)
  elseif holds == '0' then
    return true
  elseif t[STATUS] > $PROCESSING then
    if not live_entry(field) then take_key(t) end
  elseif holds == '1' or claimed_field(t[TYPE], d[UNIQUE_KEY], d[CREATED], t[STARTED]) then
    local live = live_entry(field)
    if live and live.holder ~= t.id and live.holder ~= EXPECTED then return false end
    -- Also if its window is over: a task may wait for its end.
    hold_key(field, t.id, expiry_of(t, ends, window))
  end
  return true
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

local function adopt(id, definition, state, is_parked, result, history, holds)
  if redis.call('HEXISTS', TASKS, id) == 1 then return id end
  local t = state == '' and fresh(id, definition, true) or decode(id, state)
  t.definition = t.definition or {struct.unpack(DEFINITION, definition)}
  if not adopt_key(t, holds) then return $UNIQUE_KEY_TAKEN end
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
for i = 4, #ARGV, 7 do
  answers[#answers + 1] =
    adopt(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3] == '1', ARGV[i + 4], ARGV[i + 5], ARGV[i + 6])
end
local reply = finish()
for i, answer in ipairs(answers) do reply[i + 3] = type(answer) == 'string' and record(answer) or answer end
return reply
