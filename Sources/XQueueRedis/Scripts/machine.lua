-- The transitions of a task, the same as those of TaskStateMachine in Swift.

-- Removes a task from the sets of its current status.
local function leave(t)
  if t[STATUS] == $PROCESSING then
    leave_running(t)
    t.left_running = true
  elseif t[STATUS] == $PENDING then
    if t[REASON] == $READY then leave_ready(t) end
    if t[REASON] == $PARKED then leave_parked(t) end
  end
end

local function drop_lease(t)
  t[TOKEN], t[EXPIRES], t[DEADLINE] = 0, NONE, NONE
end

local function wait(t, time)
  leave(t)
  t[RUN] = time
  drop_lease(t)
  enter(t, $PENDING)
  if time <= now then
    t[REASON] = $READY
    enter_ready(t)
  else
    t[REASON] = $SCHEDULED
  end
  if t.left_running then slot_freed(t[TYPE]) end
end

-- An entry in the list of ended tasks includes the time, so that entries of tasks requeued since are recognized.
local ENDED_NOW = WRITE(END, {ended_at = now})

local function finish_task(t, status)
  leave(t)
  drop_lease(t)
  t[QUEUE_DEADLINE] = NONE
  t[COMPLETED] = now
  enter(t, status)
  flows(status)
  push(queue('RPUSH', ENDED), t.id .. ENDED_NOW)
  if t[FLAGS] % $IS_TAGGED == $IS_UNIQUE then
    end_key(t)
  end
  if t.left_running then slot_freed(t[TYPE]) end
end

local function remember(t, message, kind)
  local entry = WRITE(ERROR_ENTRY, {
    attempt = t[RETRIES] + 1, failure_kind = kind, started = t[STARTED], ended = now,
    worker_length = #t[WORKER], message_length = #message,
  }) .. t[WORKER] .. message
  local old = redis.call('HGET', ERRORS, t.id) or ''
  local starts, at = {}, 1
  while at <= #old do
    starts[#starts + 1] = at
    local worker_length, message_length, rest = READ(ERROR_ENTRY, old, at)
    at = rest + worker_length + message_length
  end
  if #starts >= $ERRORS_KEPT then old = string.sub(old, starts[#starts - $ERRORS_KEPT + 2]) end
  redis.call('HSET', ERRORS, t.id, old .. entry)
end

local function back_off(t, draw)
  local d = definition_of(t)
  local cap = math.min(d[MAX_DELAY], $LONGEST)
  local grown = d[DELAY]
  if d[STRATEGY] == $LINEAR then
    grown = grown * t[RETRIES]
  elseif d[STRATEGY] == $EXPONENTIAL then
    grown = grown * 2 ^ math.min(t[RETRIES] - 1, 62)
  end
  local wait = math.min(grown, cap) * (1 + d[JITTER] * (2 * draw - 1))
  return math.floor(math.min(math.max(wait, 0), cap))
end

-- retry_after is in milliseconds, or nil for the back-off of the retry policy.
local function fail(t, message, kind, permanent, retry_after, draw)
  t.error = '=' .. message
  remember(t, message, kind)
  if t[CANCEL] ~= NONE then return finish_task(t, $CANCELED) end
  if permanent or t[RETRIES] >= definition_of(t)[MAX_RETRY] then return finish_task(t, $FAILED) end
  t[RETRIES] = t[RETRIES] + 1
  flows('retried')
  local delay = retry_after
  if kind == $LEASE_LOST then delay = 0 end
  wait(t, now + (delay or back_off(t, draw)))
end

-- Formats milliseconds as Swift formats seconds: 1.0, 0.25.
local function seconds(ms)
  local text = string.format('%.3f', ms / 1000)
  text = string.gsub(text, '0+$', '')
  if string.sub(text, -1) == '.' then text = text .. '0' end
  return text
end

local function expire(t, draw)
  if t[STATUS] == $PENDING then
    local timeout = definition_of(t)[QUEUE_TIMEOUT]
    if t[REASON] == $SCHEDULED then
      t[REASON] = $READY
      if t[STARTED] == NONE and timeout ~= NONE then t[QUEUE_DEADLINE] = now + timeout end
      change(t)
      enter_ready(t)
    else
      t.error = '=no worker took the task within its queue timeout of ' .. seconds(timeout) .. ' s'
      finish_task(t, $TIMEOUT)
    end
  elseif t[CANCEL] ~= NONE then
    t.error = '=the handler did not stop within its grace period'
    finish_task(t, $CANCELED)
  elseif t[DEADLINE] <= now then
    local timeout = definition_of(t)[PROCESS_TIMEOUT]
    if timeout == NONE then timeout = 0 end
    fail(t, 'the attempt ran longer than its process timeout of ' .. seconds(timeout) .. ' s',
      $TIMED_OUT, false, nil, draw)
  else
    fail(t, 'worker ' .. string.sub(t[WORKER], 2) .. ' stopped sending heartbeats',
      $LEASE_LOST, false, nil, draw)
  end
end
