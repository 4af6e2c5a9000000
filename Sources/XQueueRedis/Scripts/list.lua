-- One page of tasks, newest first.
--
-- KEYS  [1] tag
-- ARGV  [1] statuses, such as 01  [2] concurrency key or ''  [3] most tasks  [4] how many to skip
--       [5] bytes of payloads, results and errors after which the page ends  [6…] types; none for all
-- reply how many tasks match, then for each task its record
-- include keys ids records

local MOST, SKIP, MAX_BYTES = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
-- As many as this are skipped one by one.
-- define SHORT 500

-- A list is a stretch of a sorted set: all its tasks have one status, and are in the order of identifiers.
local lists, total = {}, 0
local function add(key, band)
  local size = redis.call('ZCOUNT', key, band, band)
  if size > 0 then
    -- How many stand behind the list's newest.
    local behind = redis.call('ZCOUNT', key, '(' .. band, '+inf')
    lists[#lists + 1] = {key = key, behind = behind, size = size, at = 0, bound = size}
    total = total + size
  end
end

local function newest(list, from, number)
  local first = list.behind + from
  return redis.call('ZREVRANGE', list.key, first, first + math.min(number, list.size - from) - 1)
end

-- How many tasks of the list are newer than the identifier, known to lie between `at` and `bound`.
local function newer(list, id)
  local low, high = list.at, list.bound
  while low < high do
    local middle = math.floor((low + high) / 2)
    if is_older(id, newest(list, middle, 1)[1]) then low = middle + 1 else high = middle end
  end
  return low
end

-- Moves each list's `at` so that in all nearly as many as wanted are skipped, by halving the longest
-- stretch in doubt. Answers how many are left to skip.
local function skip_most()
  local skipped = 0
  while SKIP - skipped > SHORT do
    local longest = lists[1]
    for _, list in ipairs(lists) do
      if list.bound - list.at > longest.bound - longest.at then longest = list end
    end
    if longest.bound - longest.at < 2 then break end
    local pivot = newest(longest, math.floor((longest.at + longest.bound) / 2), 1)[1]
    local places, sum = {}, 0
    for i, list in ipairs(lists) do
      places[i] = newer(list, pivot)
      sum = sum + places[i]
    end
    local moved = false
    for i, list in ipairs(lists) do
      local side = sum <= SKIP and 'at' or 'bound'
      moved = moved or list[side] ~= places[i]
      list[side] = places[i]
    end
    if sum <= SKIP then skipped = sum end
    -- A list that is not in the order of identifiers can lead nowhere.
    if not moved then break end
  end
  local left = SKIP - skipped
  if left > 2 * SHORT then
    -- Whole stretches are skipped then: the order is lost anyway, and nobody may wait for this.
    for _, list in ipairs(lists) do
      local step = math.min(left, list.size - list.at)
      list.at, left = list.at + step, left - step
    end
  end
  return left
end

local function fill(list, number)
  if list.at >= list.size then return false end
  list.ids, list.next = newest(list, list.at, number), 1
  return true
end

-- The next task of the list, as numbers.
local function look_at(list)
  list.a, list.b, list.c = struct.unpack(ID, list.ids[list.next])
end

local function is_newer(x, y)
  if x.a ~= y.a then return x.a > y.a end
  if x.b ~= y.b then return x.b > y.b end
  return x.c > y.c
end

-- Lists are kept as a heap, the one with the newest task first, since there may be thousands.
local function sift(heap, i)
  local list, size = heap[i], #heap
  while 2 * i <= size do
    local child = 2 * i
    if child < size and is_newer(heap[child + 1], heap[child]) then child = child + 1 end
    if not is_newer(heap[child], list) then break end
    heap[i], i = heap[child], child
  end
  heap[i] = list
end

-- The identifiers of the page: all lists merged.
local function page()
  if #lists == 1 then return newest(lists[1], SKIP, MOST) end
  local ids = {}
  local wanted = skip_most() + MOST
  local part = math.max(8, math.ceil(wanted / #lists))
  local heap = {}
  for _, list in ipairs(lists) do
    if fill(list, part) then
      look_at(list)
      heap[#heap + 1] = list
    end
  end
  for i = math.floor(#heap / 2), 1, -1 do sift(heap, i) end
  while wanted > 0 and heap[1] do
    local list = heap[1]
    if wanted <= MOST then ids[#ids + 1] = list.ids[list.next] end
    wanted = wanted - 1
    list.next, list.at = list.next + 1, list.at + 1
    if list.next <= #list.ids or fill(list, part) then
      look_at(list)
    else
      heap[1] = heap[#heap]
      heap[#heap] = nil
    end
    if heap[1] then sift(heap, 1) end
  end
  return ids
end

-- A queue is in the order of priorities, and within a priority in that of identifiers. Beyond so many
-- priorities, the rest is taken as one list: it is shown in the order of the queue.
-- define PRIORITIES 100

local function add_queue(key, from, number)
  local card, bound, priorities = redis.call('ZCARD', key), from + number, 0
  while from < bound do
    local size = bound - from
    priorities = priorities + 1
    if priorities < PRIORITIES then
      local score = redis.call('ZRANGE', key, from, from, 'WITHSCORES')[2]
      size = redis.call('ZCOUNT', key, score, score)
    end
    from = from + size
    lists[#lists + 1] = {key = key, behind = card - from, size = size, at = 0, bound = size}
  end
  total = total + number
end

-- No band is larger.
-- define BANDS 5

-- The lists of a type, or of its tasks with the concurrency key.
local function add_type(type)
  local key = index_of(type)
  if ARGV[2] ~= '' then
    key = history_of(type, ARGV[2])
    if redis.call('EXISTS', key) == 0 then return end
  end
  for status in string.gmatch(ARGV[1], '%d') do
    add(key, status)
    if tonumber(status) == $PENDING then
      add(key, $SCHEDULED_BAND)
      if ARGV[2] == '' then
        add_queue(ready_of(type), 0, redis.call('ZCARD', ready_of(type)))
      else
        add_queue(key, 0, redis.call('ZCOUNT', key, '-inf', '(0'))
        local parked = redis.call('ZCOUNT', key, '(' .. BANDS, '+inf')
        add_queue(key, redis.call('ZCARD', key) - parked, parked)
      end
    end
  end
end

for i = 6, #ARGV do add_type(ARGV[i]) end
if not ARGV[6] then
  for _, type in ipairs(redis.call('HKEYS', TYPES)) do add_type(type) end
end

local reply, bytes = {total}, 0
if SKIP < total then
  for _, id in ipairs(page()) do
    if bytes > MAX_BYTES then break end
    local found = record(id)
    local payload = select(15, struct.unpack(DEFINITION, found[2]))
    bytes = bytes + #found[2] - payload + 1 + (found[4] and #found[4] or 0) + (found[5] and #found[5] or 0)
    reply[#reply + 1] = found
  end
end
return reply
