-- Settles attempts.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin, then for each attempt: identifier, packed outcome
-- reply time, ready, due, then for each attempt: status and version, or the negated code of the rejection and 0
-- include keys clock may-grow records log writes places unique machine

local function settle(t, packed)
  if not t then return -$NOT_FOUND, 0 end
  local attempt_token, outcome_kind, reports, new_percent, message_length, rest = READ(OUTCOME, packed)
  if t[STATUS] ~= $PROCESSING or t[TOKEN] ~= attempt_token then return -$LEASE_IS_LOST, 0 end
  if reports == 1 then
    t[PERCENT] = new_percent
    t.message = string.sub(packed, rest, rest + message_length - 1)
    tell_progress(t.id, new_percent, t[TYPE], t[WORKER], t.message, metadata_of(t))
  end
  local at = rest + message_length
  if outcome_kind == $SUCCEEDED then
    if at <= #packed then push(queue('HSET', RESULTS), t.id, string.sub(packed, at)) end
    t.error = ''
    finish_task(t, $SUCCESS)
  elseif outcome_kind == $HAS_FAILED then
    local failure_kind, permanent, waits, wait, draw, rest = READ(FAILURE, packed, at)
    fail(t, string.sub(packed, rest), failure_kind, permanent == 1, waits == 1 and wait or nil, draw)
  elseif t[CANCEL] ~= NONE then
    finish_task(t, $CANCELED)
  elseif outcome_kind == $SNOOZED then
    wait(t, now + FIELD(SNOOZE, WAIT, packed, at))
  else
    wait(t, now)
  end
  return t[STATUS], t[VERSION]
end

-- The fast path for the success of a task without keys, errors and messages, from the old state straight to the new
-- one. It has the same effect as finish_task() at a third of the cost. Returns nil for any other outcome. Fields not
-- named are unchanged.
local new_states, leases = queue('HSET', STATES), queue('ZREM', LEASES)
local ended, succeeded, queue_of = queue('RPUSH', ENDED), {}, {}
local function succeed(id, state, packed)
  local attempt_token, outcome_kind, reports, new_percent, message_length, rest = READ(OUTCOME, packed)
  local result_at = rest
  local ALL = READ(STATE, state)
  if outcome_kind ~= $SUCCEEDED or token ~= attempt_token or status ~= $PROCESSING or key ~= ''
    or flags % $IS_TAGGED == $IS_UNIQUE or message_length > 0 or rest <= #state then
    return nil
  end
  local metadata = flags < $IS_TAGGED and '' or metadata_from(id)
  if reports == 1 then
    percent = new_percent
    tell_progress(id, percent, type, worker, '', metadata)
  end
  if result_at <= #packed then push(queue('HSET', RESULTS), id, string.sub(packed, result_at)) end
  push(new_states, id, WRITE(STATE, ALL, {
    status = $SUCCESS, version = version + 1, updated = now, completed = now, queue_deadline = NONE,
    token = 0, expires = NONE, deadline = NONE,
  }))
  push(leases, id)
  push(ended, id .. ENDED_NOW)
  if not succeeded[type] then
    queue_of[type], succeeded[type] = queue('ZADD', index_of(type)), 0
  end
  push(queue_of[type], '$SUCCESS', id)
  tell_step(id, $PROCESSING, $SUCCESS, version + 1, retries, type, worker, '', metadata)
  succeeded[type] = succeeded[type] + 1
  return $SUCCESS, version + 1
end

local ids = {}
for i = 3, #ARGV, 2 do ids[#ids + 1] = ARGV[i] end

-- Tasks settled by succeed() are not loaded.
local outcomes, done = {}, {}
for first = 1, #ids, 1000 do
  local last = math.min(first + 999, #ids)
  local states = redis.call('HMGET', STATES, unpack(ids, first, last))
  for i = first, last do
    local id, packed, state = ids[i], ARGV[2 * i + 2], states[i - first + 1]
    local status, version
    if done[id] then
      status, version = -$LEASE_IS_LOST, 0
    else
      if state and not tasks[id] then
        if FAST_PATHS then status, version = succeed(id, state, packed) end
        if status then done[id] = true else tasks[id] = decode(id, state) end
      end
      if not status then status, version = settle(task(id), packed) end
    end
    outcomes[2 * i - 1], outcomes[2 * i] = status, version
  end
end
for type, number in pairs(succeeded) do
  count(type, $PROCESSING, -number)
  count(type, $SUCCESS, number)
  flows($SUCCESS, number)
  slot_freed(type)
end
refill_touched()
local reply = finish()
for i = 1, #outcomes do reply[i + 3] = outcomes[i] end
return reply
