-- Returns a page of tasks, newest first.
--
-- KEYS  [1] tag
-- ARGV  [1] statuses, such as 01  [2] maximum number of tasks  [3] number of tasks to skip
--       [4] bytes of payloads, results and errors after which the page ends
--       [5] the identifier after which it begins, or ''  [6] the rank of that task, or ''
--       [7] number of types (0 = all), the types; then for each concurrency key: the key, number of its types
--       (0 = the types before), its types
-- reply number of matching tasks; '' if there is no next page, 'ID' if it begins after the last identifier, or else the
--       rank of the last task; then for each task its record
-- include keys ids records

local MOST, SKIP, MAX_BYTES = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local AFTER, RANK = ARGV[5], tonumber(ARGV[6])
-- Up to this number, tasks are skipped one by one.
-- define SHORT 500

-- A list is a range of a sorted set. Its tasks have the same status and are in descending order of identifiers. A
-- ranked list is in queue order instead, and follows all others.
local lists, total = {}, 0

local function newest(list, from, number)
  local first = list.behind + from
  return redis.call('ZREVRANGE', list.key, first, first + math.min(number, list.size - from) - 1)
end

-- Whether the task at that position comes after the cursor.
local function is_behind(list, at)
  local first = list.behind + at
  if not list.is_ranked then return is_older(redis.call('ZREVRANGE', list.key, first, first)[1], AFTER) end
  local found = redis.call('ZREVRANGE', list.key, first, first, 'WITHSCORES')
  local rank = tonumber(found[2])
  return rank < RANK or rank == RANK and is_older(found[1], AFTER)
end

-- Finds the start of the page in a list by binary search, which costs the same for any page.
local function start_of(list)
  if AFTER == '' or list.is_ranked and not RANK then return 0 end
  if RANK and not list.is_ranked then return list.size end
  local low, high = 0, list.size
  while low < high do
    local middle = math.floor((low + high) / 2)
    if is_behind(list, middle) then high = middle else low = middle + 1 end
  end
  return low
end

local function add_list(key, behind, size, is_ranked)
  local list = {key = key, behind = behind, size = size, is_ranked = is_ranked, at = 0, bound = size}
  list.at = start_of(list)
  list.first = list.at
  lists[#lists + 1] = list
  total = total + size
end

local function add(key, band)
  local size = redis.call('ZCOUNT', key, band, band)
  -- The number of members with a greater score.
  if size > 0 then add_list(key, redis.call('ZCOUNT', key, '(' .. band, '+inf'), size) end
end

-- Counts the tasks of the list that are newer than the identifier, given that the result is between `at` and `bound`.
local function newer(list, id)
  local low, high = list.at, list.bound
  while low < high do
    local middle = math.floor((low + high) / 2)
    if is_older(id, newest(list, middle, 1)[1]) then low = middle + 1 else high = middle end
  end
  return low
end

-- Advances the `at` of unranked lists to skip almost as many tasks as requested, by repeatedly halving the longest
-- undecided range. Returns how many are left to skip.
local function skip_most()
  local skipped = 0
  while SKIP - skipped > SHORT do
    local longest
    for _, list in ipairs(lists) do
      if not list.is_ranked and (not longest or list.bound - list.at > longest.bound - longest.at) then
        longest = list
      end
    end
    if not longest or longest.bound - longest.at < 2 then break end
    local pivot = newest(longest, math.floor((longest.at + longest.bound) / 2), 1)[1]
    local places, sum = {}, 0
    for i, list in ipairs(lists) do
      if not list.is_ranked then
        places[i] = newer(list, pivot)
        sum = sum + places[i] - list.first
      end
    end
    local side, moved = sum <= SKIP and 'at' or 'bound', false
    for i, place in pairs(places) do
      moved = moved or lists[i][side] ~= place
      lists[i][side] = place
    end
    if sum <= SKIP then skipped = sum end
    if not moved then break end
  end
  return SKIP - skipped
end

local function fill(list, number)
  if list.at >= list.size then return false end
  list.next, list.ranks = 1, nil
  if not list.is_ranked then
    list.ids = newest(list, list.at, number)
    return true
  end
  local first = list.behind + list.at
  local last = first + math.min(number, list.size - list.at) - 1
  local found = redis.call('ZREVRANGE', list.key, first, last, 'WITHSCORES')
  list.ids, list.ranks = {}, {}
  for i = 1, #found, 2 do
    list.ids[#list.ids + 1], list.ranks[#list.ranks + 1] = found[i], tonumber(found[i + 1])
  end
  return true
end

-- Sets the sort key of the list's next task, as numbers.
local function look_at(list)
  list.rank = list.ranks and list.ranks[list.next] or math.huge
  list.a, list.b, list.c = struct.unpack(ID, list.ids[list.next])
end

local function comes_before(x, y)
  if x.rank ~= y.rank then return x.rank > y.rank end
  if x.a ~= y.a then return x.a > y.a end
  if x.b ~= y.b then return x.b > y.b end
  return x.c > y.c
end

-- A heap of lists, ordered by their next task, since there may be thousands.
local function sift(heap, i)
  local list, size = heap[i], #heap
  while 2 * i <= size do
    local child = 2 * i
    if child < size and comes_before(heap[child + 1], heap[child]) then child = child + 1 end
    if not comes_before(heap[child], list) then break end
    heap[i], i = heap[child], child
  end
  heap[i] = list
end

-- Merges the lists. Returns the identifiers of the page and of the task after it, and the ranks of ranked tasks.
local function page()
  local ids, ranks = {}, {}
  if #lists == 1 and not lists[1].is_ranked then
    local list = lists[1]
    if list.at + SKIP < list.size then ids = newest(list, list.at + SKIP, MOST + 1) end
    return ids, ranks
  end
  local wanted = skip_most() + MOST + 1
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
    if wanted <= MOST + 1 then
      ids[#ids + 1] = list.ids[list.next]
      ranks[#ids] = list.ranks and list.ranks[list.next]
    end
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
  return ids, ranks
end

-- A queue is ordered by priority and then by identifier. Beyond this number of priorities the rest is one ranked list,
-- shown in queue order.
-- define PRIORITIES 100

local function add_queue(key, from, number)
  local card, bound, priorities = redis.call('ZCARD', key), from + number, 0
  while from < bound do
    local size, is_ranked = bound - from, true
    priorities = priorities + 1
    if priorities < PRIORITIES then
      local score = redis.call('ZRANGE', key, from, from, 'WITHSCORES')[2]
      size, is_ranked = redis.call('ZCOUNT', key, score, score), false
    end
    from = from + size
    add_list(key, card - from, size, is_ranked)
  end
end

-- The greatest band.
-- define BANDS 5

-- Adds the lists of a type, or of its tasks with a concurrency key.
local function add_type(type, concurrency_key)
  local key = index_of(type)
  if concurrency_key then
    key = history_of(type, concurrency_key)
    if redis.call('EXISTS', key) == 0 then return end
  end
  for status in string.gmatch(ARGV[1], '%d') do
    add(key, status)
    if tonumber(status) == $PENDING then
      add(key, $SCHEDULED_BAND)
      if not concurrency_key then
        add_queue(ready_of(type), 0, redis.call('ZCARD', ready_of(type)))
      else
        add_queue(key, 0, redis.call('ZCOUNT', key, '-inf', '(0'))
        local parked = redis.call('ZCOUNT', key, '(' .. BANDS, '+inf')
        add_queue(key, redis.call('ZCARD', key) - parked, parked)
      end
    end
  end
end

-- Returns the names after their number in the arguments, and the index of the next argument.
local function names_at(at)
  local names, last = {}, at + tonumber(ARGV[at])
  for i = at + 1, last do names[#names + 1] = ARGV[i] end
  return names, last + 1
end

local types, at = names_at(7)
if #types == 0 then types = redis.call('HKEYS', TYPES) end
if not ARGV[at] then
  for _, type in ipairs(types) do add_type(type) end
end
while ARGV[at] do
  local key, only = ARGV[at]
  only, at = names_at(at + 1)
  for _, type in ipairs(#only > 0 and only or types) do add_type(type, key) end
end

local reply, bytes = {total, ''}, 0
if SKIP < total then
  local ids, ranks = page()
  for i, id in ipairs(ids) do
    if i > 1 and (i > MOST or bytes > MAX_BYTES) then
      local rank = ranks[i - 1]
      reply[2] = rank and string.format('%.0f', rank) or 'ID'
      break
    end
    local found = record(id)
    local payload = FIELD(DEFINITION, REST, found[2])
    bytes = bytes + #found[2] - payload + 1 + (found[4] and #found[4] or 0) + (found[5] and #found[5] or 0)
    reply[#reply + 1] = found
  end
end
return reply
