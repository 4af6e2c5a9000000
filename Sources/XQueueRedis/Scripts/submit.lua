-- Inserts the tasks of callers, each of which is accepted or rejected as a whole.
--
-- ARGV  [3] maximum number of pending tasks  [4] maximum number of types
--       from some place on, for each caller: number of types, the types, number of tasks, and for each task:
--       identifier, when to run (see run_time) and behind '/' what to do if another task holds the unique key (see
--       resolve), rest of the definition

local MAX_BACKLOG, MAX_TYPES = tonumber(ARGV[3]), tonumber(ARGV[4])
local pending = stored('', $PENDING)
local types = redis.call('HLEN', TYPES)
local known_types, known_ids, submissions = {}, {}, {}

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

-- Returns the entry of a unique key that a task holds, or nil.
local function held(field)
  local entry = live_entry(field)
  if not entry or entry.holder == EXPECTED then return nil end
  return (known_ids[entry.holder] or redis.call('HEXISTS', TASKS, entry.holder) == 1) and entry or nil
end

-- Whether a submission waits for the end of the task that holds its key.
local function may_follow(entry, type, conflict)
  if conflict ~= '/r' or entry.next then return false end
  local state = redis.call('HGET', STATES, entry.holder)
  return state and FIELD(STATE, STATUS, state) == $PROCESSING and FIELD(STATE, TYPE, state) == type
end

local function count_new(first, size)
  local new, ids, keys = 0, {}, {}
  for at = first, first + 3 * size - 3, 3 do
    local id = ARGV[at]
    local defined_type, unique_key = READ(SENT, ARGV[at + 2])
    local field = unique_key ~= '' and (rule_of(defined_type, unique_key))
    local entry = field and held(field)
    local is_alone = not entry or may_follow(entry, defined_type, string.sub(ARGV[at + 1], -2))
    if not known_ids[id] and not ids[id] and not (field and keys[field]) and is_alone then
      new = new + 1
      ids[id] = true
      if field then keys[field] = true end
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

-- Does what a submission says for the case that another task holds its unique key: '' returns that task, 'x' rejects the submission,
-- 'p' replaces, 'r' reruns, 'dWAIT,MAX' debounces, and so does 'kWAIT,MAX', which keeps the first definition.
--
-- Returns the answer, or nil to let the new task wait for the end of the holder.
local function resolve(entry, type, conflict, schedule, sent)
  local kind, wait, most = string.match(conflict, '^(%l?)(%d*),?(%d*)$')
  if kind == '' then return entry.holder end
  if kind == 'x' then return '!' .. entry.holder end
  -- Tasks of this call are to be loaded like others.
  flush()
  submissions = {}
  local holder = task(entry.holder)
  if holder[TYPE] ~= type then return '!' .. entry.holder end
  local target = holder[STATUS] == $PENDING and holder
  if kind == 'r' then
    if entry.next then
      target = task(entry.next)
    elseif holder[STATUS] == $PROCESSING then
      return nil
    end
  end
  if not target then return '!' .. entry.holder end
  if kind == 'd' or kind == 'k' then
    local left = math.max(definition_of(target)[CREATED] + most - now, 0)
    schedule = string.format('+%.0f', math.min(wait, left))
    if kind == 'k' then sent = string.sub(redis.call('HGET', TASKS, target.id), #BOTH_NOW + 1) end
  elseif schedule == '' then
    schedule = '='
  end
  rewrite(target, schedule, sent)
  return '=' .. target.id
end

-- Returns 0 if the task was inserted, 1 if it also waits for the end of another, and otherwise the identifier of the existing task
-- that is the answer: behind '=' if that one took over the definition, and behind '!' if it is the reason for a rejection. A
-- submission that is repeated is answered with its own task, even if another one has its unique key by now.
local function insert(id, schedule, sent)
  local priority, queue_timeout, defined_type, defined_key, unique_key, rest = READ(SENT, sent)
  local type, key = defined_type, defined_key
  if known_ids[id] then return id end
  local conflict, is_blocked = '', false
  if schedule ~= '' then schedule, conflict = string.match(schedule, '^([^/]*)/?(.*)$') end
  local entry = unique_key ~= '' and held((rule_of(type, unique_key)))
  if entry then
    local answer = resolve(entry, type, conflict, schedule, sent)
    if answer then return answer end
    is_blocked = true
  end
  known_ids[id] = true
  local run = run_time(schedule)
  local times = run == now and BOTH_NOW or WRITE(TIMES, {created = now, first_run = run})
  push(definitions, id, times .. sent)
  local band, due = $PENDING, NONE
  if is_blocked then
    band = $SCHEDULED_BAND
    push(queue('ZADD', index_of(type)), text(band), id)
  elseif run > now then
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
    local t = fresh(id, times .. sent, true)
    if is_blocked then
      t[REASON], t[QUEUE_DEADLINE] = $BLOCKED, NONE
      push(queue('HSET', STATES), id, encode(t))
      entry.next = id
      save_entry((rule_of(type, unique_key)), entry)
    else
      take_key(t)
    end
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
  return is_blocked and 1 or 0
end

-- Inserts the tasks of the callers, who begin at ARGV[at]. Returns the answer to each: {code, number}, or {0, task, …} with what
-- insert() returned for each task.
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
  -- A ready task that was rewritten may leave a token to a parked one.
  if touches > 0 then
    flush()
    refill_touched()
  end
  return callers
end

-- Replaces the identifiers of existing tasks in a caller's answer by their records, abridged once these are large, with two further
-- elements: 1 if it is abridged or else 0, and what stood before the identifier. Call it once everything is written.
local function show(answers)
  local bytes = 0
  for i = 2, #answers do
    if type(answers[i]) == 'string' then
      local found = record(string.sub(answers[i], -16))
      local payload = found and FIELD(DEFINITION, REST, found[2])
      if found and bytes > $ANSWER_BYTES then
        found = {found[1], string.sub(found[2], 1, payload - 1) .. 'null', found[3], false, false, 1}
      elseif found then
        bytes = bytes + #found[2] - payload + 1 + (found[4] and #found[4] or 0) + (found[5] and #found[5] or 0)
        found[6] = 0
      end
      if found then found[7] = string.sub(answers[i], 1, -17) end
      answers[i] = found
    end
  end
  return answers
end
