-- Inserts the tasks of callers, each of which is accepted or rejected as a whole.
--
-- ARGV  [3] maximum number of pending tasks  [4] maximum number of types
--       from some place on, for each caller: number of types, the types, number of tasks, and for each task:
--       identifier, when to run ('' for now, '+MS' after a delay, 'MS' at a time), rest of the definition

local MAX_BACKLOG, MAX_TYPES = tonumber(ARGV[3]), tonumber(ARGV[4])
local pending = stored('', $PENDING)
local types = redis.call('HLEN', TYPES)
local known_types, known_ids, unique, submissions = {}, {}, {}, {}

local BOTH_NOW = WRITE(TIMES, {created = now, first_run = now})

local definitions, timetable = queue('HSET', TASKS), queue('ZADD', TIME)

-- Finds the tasks that are stored already. This fetches their definitions, but they are few.
local function learn(ids)
  for first = 1, #ids, 1000 do
    local last = math.min(first + 999, #ids)
    for i, definition in ipairs(redis.call('HMGET', TASKS, unpack(ids, first, last))) do
      if definition then known_ids[ids[first + i - 1]] = true end
    end
  end
end

-- Returns the identifier of the existing task, or nil. A submission that is repeated is answered with its own task, even if
-- another one has its unique key by now.
local function existing(id, type, unique_key, ids, keys)
  if known_ids[id] or ids[id] then return id end
  if unique_key == '' then return nil end
  local field = type .. OF_TYPE .. unique_key
  return keys[field] or unique[field] or holder_of(type, unique_key)
end

local function count_new(first, size)
  local new, ids, keys = 0, {}, {}
  for at = first, first + 3 * size - 3, 3 do
    local id = ARGV[at]
    local defined_type, unique_key = READ(SENT, ARGV[at + 2])
    if not existing(id, defined_type, unique_key, ids, keys) then
      new = new + 1
      ids[id] = true
      if unique_key ~= '' then keys[defined_type .. OF_TYPE .. unique_key] = id end
    end
  end
  return new
end

-- Returns why to reject the caller's tasks, or nil. Nothing has been changed yet.
local function rejection(first_type, type_count, first, size)
  if pending + size > MAX_BACKLOG and pending + count_new(first, size) > MAX_BACKLOG then
    return {$BACKLOG_FULL, pending}
  end
  local new = 0
  for i = first_type, first_type + type_count - 1 do
    local type = ARGV[i]
    if known_types[type] == nil then known_types[type] = redis.call('HEXISTS', TYPES, type) == 1 end
    if not known_types[type] then new = new + 1 end
  end
  if types + new > MAX_TYPES then return {$TOO_MANY_TYPES, types} end
end

local function make_types(first, number)
  for i = first, first + number - 1 do
    if not known_types[ARGV[i]] then
      known_types[ARGV[i]] = true
      types = types + 1
      push(queue('HSET', TYPES), ARGV[i], '0 0')
    end
  end
end

-- Returns the identifier of the existing task, or 0.
local function insert(id, schedule, sent)
  local priority, queue_timeout, defined_type, defined_key, unique_key, rest = READ(SENT, sent)
  local type, key = defined_type, defined_key
  local holder = existing(id, type, unique_key, known_ids, unique)
  if holder then return holder end
  known_ids[id] = true
  local run, times = now, BOTH_NOW
  if schedule ~= '' then
    run = string.byte(schedule) == 43 and now + tonumber(schedule) or tonumber(schedule)
    if run < now then run = now end
    times = WRITE(TIMES, {created = now, first_run = run})
  end
  push(definitions, id, times .. sent)
  local band, due = $PENDING, NONE
  if run > now then
    band, due = $SCHEDULED_BAND, run
    push(queue('ZADD', index_of(type)), text(band), id)
  else
    if queue_timeout ~= NONE then due = now + queue_timeout end
    push(queue('ZADD', ready_of(type)), text(-priority), id)
    -- The score of READY_PLACE, as in score_at().
    band = -STEP - priority
    became_ready = true
  end
  if key ~= '' then push(queue('ZADD', history_of(type, key)), text(band), id) end
  if due ~= NONE then
    push(timetable, text(due), id)
    will_be_due(due)
  end
  if unique_key ~= '' then
    local field = type .. OF_TYPE .. unique_key
    unique[field] = id
    push(queue('HSET', UNIQUE), field, id)
  end
  local metadata = metadata_behind(sent, rest)
  -- Unambiguous, since types contain no brace. In this order it costs nothing without metadata.
  local alike = type .. metadata
  local of = submissions[alike]
  if not of then
    of = steps($NO_STATUS, $PENDING, 1, 0, type, '', '', metadata)
    submissions[alike] = of
  end
  tell(of, id)
  count(type, $PENDING, 1)
  pending = pending + 1
  return 0
end

-- Inserts the tasks of the callers, who begin at ARGV[at]. Returns the answer to each: {code, number}, or {0, task, …} where a
-- task is 0 if it was inserted, or else the identifier of the existing one.
local function submit(at)
  -- The request of each caller, and the identifiers of all, to be looked up together.
  local requests, ids = {}, {}
  while ARGV[at] do
    local type_count = tonumber(ARGV[at])
    local size = tonumber(ARGV[at + 1 + type_count])
    local first = at + 2 + type_count
    requests[#requests + 1] = {first_type = at + 1, type_count = type_count, first = first, size = size}
    at = first + 3 * size
    for task = first, at - 3, 3 do ids[#ids + 1] = ARGV[task] end
  end
  learn(ids)

  local callers, before = {}, pending
  for n, caller in ipairs(requests) do
    local answers = rejection(caller.first_type, caller.type_count, caller.first, caller.size)
    if not answers then
      make_types(caller.first_type, caller.type_count)
      answers = {0}
      for i = 1, caller.size do
        local task = caller.first + 3 * i - 3
        answers[i + 1] = insert(ARGV[task], ARGV[task + 1], ARGV[task + 2])
      end
    end
    callers[n] = answers
  end
  flows('submitted', pending - before)
  return callers
end

-- Replaces the identifiers of existing tasks in a caller's answer by their records, abridged once these are large. Call it once
-- everything is written.
local function show(answers)
  local bytes = 0
  for i = 2, #answers do
    if type(answers[i]) == 'string' then
      local found = record(answers[i])
      local payload = found and FIELD(DEFINITION, REST, found[2])
      if found and bytes > $ANSWER_BYTES then
        -- Abridged, as the sixth element says.
        found = {found[1], string.sub(found[2], 1, payload - 1) .. 'null', found[3], false, false, 1}
      elseif found then
        bytes = bytes + #found[2] - payload + 1 + (found[4] and #found[4] or 0) + (found[5] and #found[5] or 0)
      end
      answers[i] = found
    end
  end
  return answers
end
