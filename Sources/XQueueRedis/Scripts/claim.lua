-- Claims ready tasks for one worker after another, each time the best: higher priority, then smaller identifier.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] token of the first  [4] lease in milliseconds  [5] grace period in milliseconds
--       [6] the queue's birth mark, or ''  [7] bytes of payloads after which the claim ends  [8] 1 if the workers are
--       remote, or else 0  [9…] for each worker: its name, maximum number of tasks, number of types, types; the number
--       is -1 if the types are those of the worker before
-- reply time, ready, due, 1 if more may be ready or 2 if the queue has another birth mark, then for each task:
--       identifier, definition, state, errors; no state if the definition and this claim determine it
-- include keys clock may-grow ids records log writes places unique
-- first empty-claim

-- Maximum number of tasks a claim parks; the next claim does the rest.
-- define PARKS 1000

local FIRST_TOKEN, LEASE, GRACE, MAX_BYTES = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[7])
-- The field REASON of a running task.
local RUN_BY = ARGV[8] == '1' and $REMOTE or 0

-- The worker of the present share, as in the state; how many tasks it may still get; its types with tasks.
local worker, wanted, heads = '=', 0, {}
local claimed = 0

-- Returns the number of tasks and of types of the share at that position, and the position of its first type.
local function share_at(at)
  return tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), at + 3
end

local total, at = 0, 9
while at <= #ARGV do
  local count, number, first = share_at(at)
  total, at = total + count, first + math.max(0, number)
end

-- Definitions include payloads, which take the server's memory: fetch a few at first, then twice as many each time, as
-- far as they are expected to fit in the remaining bytes.
-- define FIRST_WINDOW 8
-- define MOST_WINDOW 128
local window, bytes, fetched, fetched_bytes = FIRST_WINDOW, 0, 0, 0
local function fetch_definitions(head)
  local number = math.min(window, head.size - head.at + 1, math.max(1, total - claimed))
  if fetched > 0 then
    local fitting = math.floor((MAX_BYTES - bytes) * fetched / math.max(1, fetched_bytes))
    number = math.max(1, math.min(number, fitting))
  end
  window = math.min(2 * window, MOST_WINDOW)
  local ids = {unpack(head.ids, head.at, head.at + number - 1)}
  head.definitions = redis.call('HMGET', TASKS, unpack(ids))
  head.states = redis.call('HMGET', STATES, unpack(ids))
  head.first, head.known = head.at, head.at + number - 1
  fetched = fetched + number
  for _, definition in ipairs(head.definitions) do
    if definition then fetched_bytes = fetched_bytes + #definition end
  end
end

-- Fetches the next ready tasks of a type.
local function fetch(head, size)
  local last = head.consumed + size - 1
  local found = redis.call('ZRANGE', ready_of(head.type), head.consumed, last, 'WITHSCORES')
  if #found == 0 then return false end
  local ids, number = {}, #found / 2
  for i = 1, number do ids[i] = found[2 * i - 1] end
  head.ids, head.found, head.at, head.size, head.asked, head.known = ids, found, 1, number, size, 0
  return true
end

local function is_before(a, b)
  local left, right = tonumber(a.found[2 * a.at]), tonumber(b.found[2 * b.at])
  if left ~= right then return left < right end
  return is_older(a.ids[a.at], b.ids[b.at])
end

local all, head_of, chunk = {}, {}, 1
-- Returns the types of a share that have tasks to claim.
local function open_heads(first, number)
  local open = {}
  chunk = math.max(1, math.min(200, math.ceil(total / math.max(1, number))))
  for i = first, first + number - 1 do
    local type = ARGV[i]
    local head = head_of[type]
    if head == nil then
      local limit, paused = settings_of(type)
      local room = limit > 0 and limit - count_of(type, $PROCESSING) or math.huge
      head = {type = type, room = room, consumed = 0}
      -- One more than needed tells whether tasks are left.
      if paused or room <= 0 or not fetch(head, math.min(chunk + 1, room)) then head = false end
      head_of[type] = head
      if head then all[#all + 1] = head end
    end
    if head then open[#open + 1] = head end
  end
  return open
end

local function advance(head, taken)
  head.consumed = head.consumed + 1
  head.at = head.at + 1
  if taken then head.room = head.room - 1 end
end

-- Returns the type with the best task; nil if there is none.
local function next_head()
  local best = heads[1]
  if not heads[2] and best and best.room > 0 and best.at <= best.size then return best end
  best = nil
  for i = #heads, 1, -1 do
    local head = heads[i]
    if head.room <= 0 or (head.at > head.size and not fetch(head, chunk)) then
      table.remove(heads, i)
    elseif not best or is_before(head, best) then
      best = head
    end
  end
  return best
end

local held = {}
local function has_token(t)
  local key = t[KEY]
  if key == '' then return true end
  if not held[key] then held[key] = redis.call('ZCARD', running_of(key)) end
  if held[key] >= t[LIMIT] then return false end
  held[key] = held[key] + 1
  return true
end

-- Tasks that hold their unique key until they start. They give it up last: that may make another task ready.
local left_keys = {}
local function leave_at_start(id, type, unique_key)
  local field, ends = rule_of(type, unique_key)
  if ends == 's' then left_keys[#left_keys + 1] = {field, id} end
end

local function claim(t, token)
  local timeout = definition_of(t)[PROCESS_TIMEOUT]
  local deadline = timeout == NONE and NONE or now + timeout + GRACE
  t[TOKEN], t[DEADLINE], t[EXPIRES] = token, deadline, earlier(now + LEASE, deadline)
  t[WORKER], t[STARTED], t[QUEUE_DEADLINE] = worker, now, NONE
  t[REASON] = RUN_BY
  t[PERCENT], t.message = -1, ''
  if t[KEY] ~= '' then
    place(t, $PROCESSING)
    enter_running(t)
  end
  enter(t, $PROCESSING)
  if t[FLAGS] % $IS_TAGGED == $IS_UNIQUE then leave_at_start(t.id, t[TYPE], definition_of(t)[UNIQUE_KEY]) end
  flows('started')
end

-- The fast path for a task without a stored state or concurrency key, from its definition straight to the new
-- state. It has the same effect as claim() at a third of the cost. Returns nil for any other task. Fields not named
-- have the form's defaults, as in fresh().
local new_states, leases, timeless = queue('HSET', STATES), queue('ZADD', LEASES), queue('ZREM', TIME)
local started, queue_of, steps_of = {}, {}, {}
local function claim_fresh(id, definition, token)
  local first_run, queue_timeout, process_timeout, defined_type, defined_key, unique_key, rest =
    READ(DEFINITION, definition)
  if defined_key ~= '' then return nil end
  local metadata = metadata_behind(definition, rest)
  local type, deadline, expires = defined_type, NONE, now + LEASE
  if process_timeout ~= NONE then
    deadline = now + process_timeout + GRACE
    expires = earlier(expires, deadline)
  end
  push(new_states, id, WRITE(STATE, {
    status = $PROCESSING, reason = RUN_BY, flags = flags_of(unique_key, metadata), version = 2, updated = now,
    run = first_run, started = now, expires = expires, deadline = deadline, token = token,
    type = type, worker = worker,
  }))
  if queue_timeout ~= NONE then push(timeless, id) end
  if unique_key ~= '' then leave_at_start(id, type, unique_key) end
  push(leases, text(expires), id)
  if not started[type] then
    queue_of[type], started[type] = queue('ZADD', index_of(type)), 0
  end
  push(queue_of[type], '$PROCESSING', id)
  -- Unambiguous, since types contain no brace. In this order it costs nothing without metadata.
  local alike = type .. metadata
  if not steps_of[alike] then
    steps_of[alike] = steps($PENDING, $PROCESSING, 2, 0, type, worker, '', metadata)
  end
  tell(steps_of[alike], id)
  started[type] = started[type] + 1
  if not earliest or expires < earliest then earliest = expires end
  return true
end

local reply, parked = {0, 0, 0, 0}, 0
local function answer(id, definition, state, errors)
  local n = 4 * claimed + 4
  reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4] = id, definition, state, errors
  claimed, wanted = claimed + 1, wanted - 1
  bytes = bytes + #definition + (errors and #errors or 0)
end

at = 9
while at <= #ARGV do
  if worker ~= '=' .. ARGV[at] then worker, steps_of = '=' .. ARGV[at], {} end
  local number
  wanted, number, at = share_at(at)
  if number >= 0 then
    heads = open_heads(at, number)
    at = at + number
  end
  -- The birth mark matters only if there is a task to claim.
  if claimed == 0 and parked == 0 and heads[1] and ARGV[6] ~= '' and redis.call('HGET', META, 'birth') ~= ARGV[6] then
    return {now, 0, -1, 2}
  end
  while wanted > 0 and parked < PARKS and (claimed == 0 or bytes <= MAX_BYTES) do
    local head = next_head()
    if not head then break end
    if head.at > head.known then fetch_definitions(head) end
    local n = head.at - head.first + 1
    local id, definition, state = head.ids[head.at], head.definitions[n], head.states[n]
    local is_done = FAST_PATHS and not state and claim_fresh(id, definition, FIRST_TOKEN + claimed)
    local taken = true
    if is_done then
      answer(id, definition, false, false)
    else
      local t = state and decode(id, state) or fresh(id, definition, true)
      t.definition = t.definition or {struct.unpack(DEFINITION, definition)}
      tasks[id] = t
      taken = has_token(t)
      if taken then
        claim(t, FIRST_TOKEN + claimed)
        answer(id, definition, encode_once(t), t.error ~= '' and redis.call('HGET', ERRORS, id))
      else
        park(t)
        parked = parked + 1
      end
    end
    advance(head, taken)
  end
end
for type, number in pairs(started) do
  count(type, $PENDING, -number)
  count(type, $PROCESSING, number)
  flows('started', number)
end

-- Removes the processed tasks, all at the heads of their queues.
local more = false
for _, head in ipairs(all) do
  if head.consumed > 0 then
    redis.call('ZREMRANGEBYRANK', ready_of(head.type), 0, head.consumed - 1)
  end
  if head.room > 0 and not more then
    more = head.at <= head.size or head.size == head.asked and redis.call('EXISTS', ready_of(head.type)) == 1
  end
end
for _, left in ipairs(left_keys) do leave_key(left[1], left[2]) end
refill_touched()

local head = finish()
for i = 1, 3 do reply[i] = head[i] end
reply[4] = more and 1 or 0
return reply
