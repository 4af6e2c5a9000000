-- Accepts tasks. Each caller's tasks are accepted together, or refused together.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] most pending tasks  [4] most types
--       then for each caller: number of tasks, and for each task:
--       identifier, when to run ('' for now, '+MS' after a delay, 'MS' at a time), rest of the definition
-- reply time, ready, due, then for each caller: {code, number}, or {0, task, …} where a task is 0 if it
--       was inserted, or the record that was there before it
-- include keys clock records writes

local MAX_BACKLOG, MAX_TYPES = tonumber(ARGV[3]), tonumber(ARGV[4])
local pending = tonumber(redis.call('HGET', COUNTS, $PENDING) or 0)
local types = redis.call('HLEN', TYPES)
local known_types, seen, unique = {}, {}, {}

local function is_known(type)
  if known_types[type] == nil then known_types[type] = redis.call('HEXISTS', TYPES, type) == 1 end
  return known_types[type]
end

-- The identifier of the task that is there already, or false.
local function existing(id, key, new_ids, new_keys)
  if key ~= '' then
    local holder = unique[key] or new_keys[key] or redis.call('HGET', UNIQUE, key)
    if holder then return holder end
  end
  if seen[id] or new_ids[id] or redis.call('HEXISTS', TASKS, id) == 1 then return id end
  return false
end

local function write_task(id, schedule, rest, d)
  local run = now
  if schedule ~= '' then
    run = string.byte(schedule) == 43 and now + tonumber(schedule) or tonumber(schedule)
    if run < now then run = now end
  end
  local type, key, priority = d[DEFINED_TYPE - 2], d[DEFINED_KEY - 2], d[PRIORITY - 2]
  push(queue('HSET', TASKS), id, struct.pack('>I6I6', now, run) .. rest)
  local band, due = $PENDING, NONE
  if run > now then
    band, due = $SCHEDULED_BAND, run
  else
    if d[QUEUE_TIMEOUT - 2] ~= NONE then due = now + d[QUEUE_TIMEOUT - 2] end
    push(queue('ZADD', ready_of(type)), -priority, id)
    if key ~= '' then push(queue('ZADD', waiting_of(type, key)), -priority, id) end
    became_ready = true
  end
  push(queue('ZADD', index_of(type)), band, id)
  if key ~= '' then
    push(queue('ZADD', history_of(type, key)), band, id)
    push(queue('SADD', history_types_of(key)), type)
  end
  if due ~= NONE then
    push(queue('ZADD', TIME), due, id)
    will_be_due(due)
  end
  if d[UNIQUE_KEY - 2] ~= '' then push(queue('HSET', UNIQUE), d[UNIQUE_KEY - 2], id) end
  if not known_types[type] then
    known_types[type] = true
    types = types + 1
    push(queue('HSET', TYPES), type, '0 0')
  end
  count(type, $PENDING, 1)
  flows('submitted')
end

-- What Swift sent is the definition less its two times.
local REST = '>' .. string.sub(DEFINITION, 6)

local function insert(first, size)
  local definitions, answers = {}, {0}
  local new_ids, new_keys, new_types = {}, {}, {}
  local new, additional_types = 0, 0
  for i = 1, size do
    local id, rest = ARGV[first + 3 * i - 3], ARGV[first + 3 * i - 1]
    local d = {struct.unpack(REST, rest)}
    local type, key = d[DEFINED_TYPE - 2], d[UNIQUE_KEY - 2]
    if not is_known(type) and not new_types[type] then
      new_types[type] = true
      additional_types = additional_types + 1
    end
    local holder = existing(id, key, new_ids, new_keys)
    answers[i + 1] = holder or 0
    if not holder then
      new = new + 1
      definitions[i] = d
      new_ids[id] = true
      if key ~= '' then new_keys[key] = id end
    end
  end
  if pending + new > MAX_BACKLOG then return {$BACKLOG_FULL, pending} end
  if types + additional_types > MAX_TYPES then return {$TOO_MANY_TYPES, types} end
  for i = 1, size do
    local d = definitions[i]
    if d then
      local id = ARGV[first + 3 * i - 3]
      write_task(id, ARGV[first + 3 * i - 2], ARGV[first + 3 * i - 1], d)
      seen[id] = true
    end
  end
  for key, id in pairs(new_keys) do unique[key] = id end
  pending = pending + new
  return answers
end

local callers = {}
local at = 5
while ARGV[at] do
  local size = tonumber(ARGV[at])
  callers[#callers + 1] = insert(at + 1, size)
  at = at + 1 + 3 * size
end

local reply = finish()
for _, answers in ipairs(callers) do
  for i = 2, #answers do
    if type(answers[i]) == 'string' then answers[i] = record(answers[i]) end
  end
  reply[#reply + 1] = answers
end
return reply
