-- The sets of an unfinished task: the queue of its type, or the parked or running tasks of its concurrency key.
-- Each running task of a key holds one of its tokens; there is no separate counter.

local touched, touches = {}, 0
-- Notes that the key may have a free token.
local function touch(key)
  if not touched[key] then
    touched[key] = true
    touches = touches + 1
    touched[touches] = key
  end
end

local function settings_of(type)
  local limit, paused = string.match(redis.call('HGET', TYPES, type) or '0 0', '^(%d+) (%d)$')
  if not limit then error(TYPES .. ' holds invalid settings of ' .. type) end
  return tonumber(limit), paused == '1'
end

-- Updates the task's place in the history of its key immediately, since it decides which parked tasks become ready.
local function place(t, at)
  redis.call('ZADD', history_of(t[TYPE], t[KEY]), score_at(at, t), t.id)
  t.place = at
end

local function enter_ready(t)
  redis.call('ZADD', ready_of(t[TYPE]), -definition_of(t)[PRIORITY], t.id)
  if t[KEY] ~= '' then place(t, READY_PLACE) end
  became_ready = true
end

local function leave_ready(t)
  redis.call('ZREM', ready_of(t[TYPE]), t.id)
  if t[KEY] ~= '' then
    place(t, $PENDING)
    touch(t[KEY])
  end
end

local function count_parked(t, by)
  local line = t[LIMIT] .. '/' .. t[TYPE]
  if redis.call('HINCRBY', parked_of(t[KEY]), line, by) <= 0 then
    redis.call('HDEL', parked_of(t[KEY]), line)
  end
end

local function park(t)
  place(t, PARKED_PLACE)
  count_parked(t, 1)
  t[REASON] = $PARKED
  move(t)
  touch(t[KEY])
end

local function leave_parked(t)
  place(t, $PENDING)
  count_parked(t, -1)
end

local function enter_running(t)
  local key = t[KEY]
  if key == '' then return end
  redis.call('ZADD', running_of(key), t[LIMIT], t.id)
  redis.call('ZINCRBY', KEYS_IN_USE, -1, key)
end

local function leave_running(t)
  local key = t[KEY]
  if key ~= '' then
    redis.call('ZREM', running_of(key), t.id)
    if tonumber(redis.call('ZINCRBY', KEYS_IN_USE, 1, key)) >= 0 then
      redis.call('ZREM', KEYS_IN_USE, key)
    end
    touch(key)
  end
end

local function earlier(time, bound)
  if bound < time then return bound end
  return time
end

-- Changes the status of a task. All fields that the event includes must be set before.
local function enter(t, status)
  count(t[TYPE], t[STATUS], -1)
  count(t[TYPE], status, 1)
  local previous = t[STATUS]
  t[STATUS] = status
  t[VERSION] = t[VERSION] + 1
  t[UPDATED] = now
  tell_step(t.id, previous, status, t[VERSION], t[RETRIES], t[TYPE], t[WORKER], t.error, metadata_of(t))
  change(t)
end

local waited_for = {}
-- Notes a free slot of the type: if the type has a limit and pending tasks, listeners are signaled.
local function slot_freed(type)
  if waited_for[type] == nil then
    waited_for[type] = settings_of(type) > 0 and count_of(type, $PENDING) > 0
  end
  if waited_for[type] then became_ready = true end
end

-- Makes parked tasks of the key ready, largest limit first: of each type and limit the best ones, as many as there are
-- free tokens that no better ready task of the type will take.
local function refill(key)
  local lines = redis.call('HKEYS', parked_of(key))
  if #lines == 0 then return end
  local held = redis.call('ZCARD', running_of(key))
  for i, line in ipairs(lines) do
    local limit, type = string.match(line, '^(%d+)/(.*)$')
    lines[i] = {limit = tonumber(limit), type = type}
  end
  table.sort(lines, function(a, b) return a.limit > b.limit end)
  for _, line in ipairs(lines) do
    local middle = line.limit * STEP
    local history = history_of(line.type, key)
    local free = line.limit - held
    while free > 0 do
      local best = redis.call('ZRANGEBYSCORE', history, middle - STEP / 2, middle + STEP / 2, 'WITHSCORES',
        'LIMIT', 0, 1)
      if not best[1] then break end
      -- Its rank among the ready ones is the number of better tasks.
      redis.call('ZADD', history, best[2] - middle - STEP, best[1])
      if redis.call('ZRANK', history, best[1]) >= free then
        redis.call('ZADD', history, best[2], best[1])
        break
      end
      local t = task(best[1])
      count_parked(t, -1)
      t[REASON] = $READY
      move(t)
      enter_ready(t)
    end
  end
end

local function refill_touched()
  for i = 1, touches do refill(touched[i]) end
end
