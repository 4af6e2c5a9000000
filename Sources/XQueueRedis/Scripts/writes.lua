-- Batches the writes of a call, so that hundreds of tasks take a few commands.

local queues = {}
local function queue(command, key)
  local of = queues[command]
  if not of then
    of = {}
    queues[command] = of
  end
  local q = of[key]
  if not q then
    q = {n = 0}
    of[key] = q
  end
  return q
end

-- Caches formatted numbers: Redis' own formatting with all digits costs more than the command.
local texts = {}
local function text(number)
  local known = texts[number]
  if not known then
    known = string.format('%.17g', number)
    texts[number] = known
  end
  return known
end

local function push(q, a, b)
  local n = q.n
  q[n + 1] = a
  q[n + 2] = b
  q.n = b == nil and n + 1 or n + 2
end

-- Lua limits a call to a few thousand arguments.
local function send(command, key, q)
  for first = 1, q.n, 2000 do
    redis.call(command, key, unpack(q, first, math.min(first + 1999, q.n)))
  end
end

-- Sends what is queued so far, so that it can be read.
local function flush()
  for command, of in pairs(queues) do
    for key, q in pairs(of) do
      send(command, key, q)
      q.n = 0
    end
  end
  seal_log()
end

local became_ready = false
local earliest
local function will_be_due(time)
  if time ~= NONE and (not earliest or time < earliest) then earliest = time end
end

local counted = {}
local function count(type, status, by)
  local of = counted[type]
  if not of then
    of = {}
    counted[type] = of
  end
  of[status] = (of[status] or 0) + by
end

-- Greater than any valid count.
-- define MOST_COUNTED 1099511627776

-- The stored number of tasks of the type, or of all types if it is '', in the status. If the count is invalid, because
-- something else wrote it, the tasks in the sets are counted.
local function stored(name, status)
  local number = tonumber(redis.call('HGET', COUNTS, name == '' and status or status .. '/' .. name) or 0)
  if number and number >= 0 and number <= MOST_COUNTED then return number end
  local sum = 0
  for _, each in ipairs(name == '' and redis.call('HKEYS', TYPES) or {name}) do
    sum = sum + redis.call('ZCOUNT', index_of(each), status, status)
    if status == $PENDING then
      sum = sum + redis.call('ZCOUNT', index_of(each), $SCHEDULED_BAND, $SCHEDULED_BAND)
        + redis.call('ZCARD', ready_of(each))
    end
  end
  return sum
end

-- The number of tasks of the type in the status, including the changes of this call.
local function count_of(type, status)
  local of = counted[type]
  return stored(type, status) + (of and of[status] or 0)
end

local flow = {}
local function flows(what, by)
  flow[what] = (flow[what] or 0) + (by or 1)
end

-- Changes a count, and corrects it if it is invalid.
local function add_to_count(name, status, by)
  local field = name == '' and status or status .. '/' .. name
  local number = redis.pcall('HINCRBY', COUNTS, field, by)
  if type(number) ~= 'number' or number < 0 or number > MOST_COUNTED then
    redis.call('HSET', COUNTS, field, 'x')
    redis.call('HSET', COUNTS, field, stored(name, status))
  end
end

local function write_counts()
  local totals = {}
  for name, of in pairs(counted) do
    for status, by in pairs(of) do
      if by ~= 0 then
        add_to_count(name, status, by)
        totals[status] = (totals[status] or 0) + by
      end
    end
  end
  for status, by in pairs(totals) do
    if by ~= 0 then add_to_count('', status, by) end
  end
  local second = FLOW .. math.floor(now / 1000)
  local is_new = false
  for what, by in pairs(flow) do
    if by > 0 and redis.call('HINCRBY', second, what, by) == by then is_new = true end
  end
  if is_new then redis.call('EXPIRE', second, 120) end
end

-- Diverts the entries of ended tasks to ODD_ENDS if the list ends with a time after now, since the clock was set back.
local function keep_order_of_ends()
  local ended = queues.RPUSH and queues.RPUSH[ENDED]
  if not ended or ended.n == 0 then return end
  local last = redis.call('LRANGE', ENDED, -1, -1)[1]
  if not last or FIELD(END, ENDED_AT, last, AFTER_ID) <= now then return end
  local odd = queue('ZADD', ODD_ENDS)
  for i = 1, ended.n do push(odd, text(now), ended[i]) end
  ended.n = 0
end

-- Writes the changes: each task's state, its scores in the index of its type and in the history of its key, and its due
-- time.
local function write()
  if changes > 0 then
    local states = queue('HSET', STATES)
    for i = 1, changes do
      local t = changed[i]
      if t.has_state then push(states, t.id, encode_once(t)) end
      local band, indexed = band_of(t), is_indexed(t)
      if not indexed then
        if t.indexed then push(queue('ZREM', index_of(t[TYPE])), t.id) end
      elseif band ~= t.band or not t.indexed then
        push(queue('ZADD', index_of(t[TYPE])), text(band), t.id)
      end
      local place = place_of(t)
      if place ~= t.place and t[KEY] ~= '' then
        push(queue('ZADD', history_of(t[TYPE], t[KEY])), text(score_at(place, t)), t.id)
      end
      local due = due_of(t)
      local timetable = timetable_of(t, due)
      if t.timetable and timetable ~= t.timetable then push(queue('ZREM', t.timetable), t.id) end
      if timetable and (due ~= t.due or timetable ~= t.timetable) then
        push(queue('ZADD', timetable), text(due), t.id)
        will_be_due(due)
      end
    end
  end
  keep_order_of_ends()
  for command, of in pairs(queues) do
    for key, q in pairs(of) do send(command, key, q) end
  end
  write_counts()
  write_log()
end

-- When the next task is due, or NONE.
local function next_due()
  local waiting = redis.call('ZRANGE', TIME, 0, 0, 'WITHSCORES')[2]
  local lease = redis.call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')[2]
  return math.min(tonumber(waiting or NONE), tonumber(lease or NONE))
end

-- Writes the changes and signals the other nodes. Returns the time, whether a task may be ready, and when the next
-- task is due if that is sooner than before, or else -1. Other nodes get the time left until then, since they do not
-- know this clock.
local function finish()
  write()
  local due = -1
  if earliest then
    if next_due() >= earliest then due = earliest end
  end
  if became_ready or due >= 0 then
    redis.call('PUBLISH', CHANNEL,
      string.format('%s %d %s', ORIGIN, became_ready and 1 or 0,
        due < 0 and '-1' or string.format('+%.0f', math.max(due - now, 0))))
  end
  return {now, became_ready and 1 or 0, due}
end
