-- Hands out ready tasks, best first: larger priority, then smaller identifier.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] most tasks  [4] token of the first  [5] worker
--       [6] milliseconds of the lease  [7] milliseconds of grace  [8…] types
-- reply time, ready, due, 1 if more may be ready, then for each task: identifier, definition, state,
--       errors
-- include keys clock may-grow records writes places machine

-- The most tasks one claim parks on its way; what is left is the next claim's.
local PARKS = 1000

local COUNT, FIRST_TOKEN, WORKER_ID = tonumber(ARGV[3]), tonumber(ARGV[4]), '=' .. ARGV[5]
local LEASE, GRACE = tonumber(ARGV[6]), tonumber(ARGV[7])

-- The best ready task of a type that was not looked at yet.
local function fetch(head, size)
  local last = head.consumed + size - 1
  local found = redis.call('ZRANGE', ready_of(head.type), head.consumed, last, 'WITHSCORES')
  if #found == 0 then return false end
  local ids, scores = {}, {}
  for i = 1, #found, 2 do
    ids[#ids + 1] = found[i]
    scores[#scores + 1] = tonumber(found[i + 1])
  end
  head.ids, head.scores, head.at, head.size = ids, scores, 1, #ids
  head.definitions = redis.call('HMGET', TASKS, unpack(ids))
  head.states = redis.call('HMGET', STATES, unpack(ids))
  return true
end

local function is_before(a, b)
  local left, right = a.scores[a.at], b.scores[b.at]
  if left ~= right then return left < right end
  return a.ids[a.at] < b.ids[b.at]
end

local chunk = math.max(1, math.min(200, math.ceil(COUNT / math.max(1, #ARGV - 7))))
local heads, all = {}, {}
for i = 8, #ARGV do
  local type = ARGV[i]
  local limit, paused = settings_of(type)
  local room = limit > 0 and limit - count_of(type, $PROCESSING) or math.huge
  local head = {type = type, room = room, consumed = 0}
  if not paused and room > 0 and fetch(head, math.min(chunk, room)) then
    heads[#heads + 1] = head
    all[#all + 1] = head
  end
end

local function advance(head, taken)
  head.consumed = head.consumed + 1
  head.at = head.at + 1
  if taken then head.room = head.room - 1 end
end

-- The best task of all types; nil if there is none.
local function next_head()
  local best
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

local function claim(t, token)
  local timeout = definition_of(t)[PROCESS_TIMEOUT]
  local deadline = timeout == NONE and NONE or now + timeout + GRACE
  t[TOKEN], t[DEADLINE], t[EXPIRES] = token, deadline, earlier(now + LEASE, deadline)
  t[WORKER], t[STARTED], t[QUEUE_DEADLINE] = WORKER_ID, now, NONE
  t[PERCENT], t[MESSAGE] = -1, ''
  if t[KEY] ~= '' then
    redis.call('ZREM', waiting_of(t[TYPE], t[KEY]), t.id)
    enter_running(t)
  end
  enter(t, $PROCESSING)
  flows('started')
end

local claimed, parked = {}, 0
local definitions = {}
while #claimed < COUNT and parked < PARKS do
  local head = next_head()
  if not head then break end
  local id, definition, state = head.ids[head.at], head.definitions[head.at], head.states[head.at]
  local t
  if state then
    t = decode(id, state)
    t.definition = {struct.unpack(DEFINITION, definition)}
  else
    t = fresh(id, definition)
  end
  tasks[id] = t
  local taken = has_token(t)
  if taken then
    claim(t, FIRST_TOKEN + #claimed)
    claimed[#claimed + 1] = t
    definitions[#claimed] = definition
  else
    park(t)
    parked = parked + 1
  end
  advance(head, taken)
end

-- Whatever was looked at has left the queue of its type, and stood at its head.
local more = false
for _, head in ipairs(all) do
  if head.consumed > 0 then
    redis.call('ZREMRANGEBYRANK', ready_of(head.type), 0, head.consumed - 1)
  end
  if head.room > 0 and redis.call('EXISTS', ready_of(head.type)) == 1 then more = true end
end
refill_touched()

local reply = finish()
local n = 4
reply[4] = more and 1 or 0
for i, t in ipairs(claimed) do
  reply[n + 1], reply[n + 2], reply[n + 3] = t.id, definitions[i], encode(t)
  reply[n + 4] = t[ERROR] ~= '' and redis.call('HGET', ERRORS, t.id) or false
  n = n + 4
end
return reply
