-- Removes ended tasks that are too old and, beyond a number to keep, those submitted first.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] maximum age in milliseconds  [4] number of tasks to keep
--       [5] maximum number to remove  [6] maximum age of events in milliseconds
-- reply time, ready, due, number of removed tasks
-- include keys clock may-grow ids records log writes places unique

local AGE, KEPT, MOST = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local STATUSES = {$SUCCESS, $FAILED, $CANCELED, $TIMEOUT}

-- A task may have held a unique key as long as its window.
local function forget_key(t)
  local field = (rule_of(t[TYPE], definition_of(t)[UNIQUE_KEY]))
  local entry = stored_entry(field)
  if entry and entry.holder == t.id then redis.call('HDEL', UNIQUE, field) end
end

-- Returns how many tasks existed. A task that ended twice within a millisecond is listed twice.
local function remove(ids)
  load(ids)
  local removed = 0
  for _, id in ipairs(ids) do
    local t = tasks[id]
    if t then
      removed = removed + 1
      if t[FLAGS] % $IS_TAGGED == $IS_UNIQUE then forget_key(t) end
      push(queue('HDEL', TASKS), id)
      push(queue('HDEL', STATES), id)
      push(queue('HDEL', RESULTS), id)
      push(queue('HDEL', ERRORS), id)
      push(queue('ZREM', index_of(t[TYPE])), id)
      if t[KEY] ~= '' then push(queue('ZREM', history_of(t[TYPE], t[KEY])), id) end
      count(t[TYPE], t[STATUS], -1)
      tasks[id] = false
    end
  end
  return removed
end

-- Returns the identifiers of the ended tasks that were submitted first. There is a list for each type and status, so
-- the beginnings of all lists are merged, up to where the rest of a list could contain a smaller identifier.
local function made_first(most)
  local lists = {}
  for _, type in ipairs(redis.call('HKEYS', TYPES)) do
    for _, status in ipairs(STATUSES) do
      local size = stored(type, status)
      if size > 0 then lists[#lists + 1] = {key = index_of(type), status = status, size = size} end
    end
  end
  local part = math.max(32, math.ceil(most / math.max(1, #lists)))
  local ids, bound = {}, nil
  for _, list in ipairs(lists) do
    local found = redis.call('ZRANGEBYSCORE', list.key, list.status, list.status, 'LIMIT', 0, part)
    for _, id in ipairs(found) do ids[#ids + 1] = id end
    if #found == part and part < list.size and (not bound or is_older(found[part], bound)) then
      bound = found[part]
    end
  end
  table.sort(ids, is_older)
  local first = {}
  for _, id in ipairs(ids) do
    if #first == most or (bound and is_older(bound, id)) then break end
    first[#first + 1] = id
  end
  return first
end

-- Entries with a time in the future were written before the clock was set back. Moving them to ODD_ENDS keeps the
-- list in order, so that it accepts later entries again.
local function put_aside(lines)
  for _, line in ipairs(lines) do
    redis.call('ZADD', ODD_ENDS, text(FIELD(END, ENDED_AT, line, AFTER_ID)), line)
  end
end

local function straighten_tail()
  local size = 1
  for _ = 1, 20 do
    local lines = redis.call('LRANGE', ENDED, -size, -1)
    local first = #lines + 1
    while first > 1 and FIELD(END, ENDED_AT, lines[first - 1], AFTER_ID) > now do first = first - 1 end
    if first > #lines then return end
    put_aside({unpack(lines, first)})
    redis.call('LTRIM', ENDED, 0, first - #lines - 2)
    if first > 1 then return end
    size = 200
  end
end

-- Takes entries that are too old from ODD_ENDS.
local function odd_old(most)
  local lines = redis.call('ZRANGEBYSCORE', ODD_ENDS, '-inf', '(' .. text(now - AGE), 'LIMIT', 0, most)
  if #lines == 0 then return lines, 0 end
  redis.call('ZREM', ODD_ENDS, unpack(lines))
  local ids, old = {}, {}
  for i, line in ipairs(lines) do ids[i] = string.sub(line, 1, 16) end
  load(ids)
  for i, line in ipairs(lines) do
    local t = tasks[ids[i]]
    if t and t[COMPLETED] == FIELD(END, ENDED_AT, line, AFTER_ID) then old[#old + 1] = ids[i] end
  end
  return old, #lines
end

-- Takes entries from the head of the list of ended tasks: those of removed or requeued tasks, and those of tasks that
-- are too old.
local function too_old(most)
  local lines = redis.call('LRANGE', ENDED, 0, math.max(most, 100) - 1)
  local ids, ends = {}, {}
  for i, line in ipairs(lines) do
    ids[i], ends[i] = string.sub(line, 1, 16), FIELD(END, ENDED_AT, line, AFTER_ID)
  end
  load(ids)
  local old, passed = {}, 0
  for i, id in ipairs(ids) do
    local t = tasks[id]
    if ends[i] > now then
      put_aside({lines[i]})
    elseif t and t[COMPLETED] == ends[i] then
      if ends[i] >= now - AGE or #old == most then break end
      old[#old + 1] = id
    end
    passed = i
  end
  if passed > 0 then redis.call('LTRIM', ENDED, passed, -1) end
  return old, passed
end

straighten_tail()
local removed, looked_at = 0, 0
while removed < MOST and looked_at < 2000 + MOST do
  local old, passed = odd_old(math.min(MOST - removed, 1000))
  if passed == 0 then break end
  looked_at = looked_at + passed
  removed = removed + remove(old)
end
while removed < MOST and looked_at < 2000 + MOST do
  local old, passed = too_old(MOST - removed)
  if passed == 0 then break end
  looked_at = looked_at + passed
  removed = removed + remove(old)
end
write()
queues, counted = {}, {}
while removed < MOST do
  local ended = 0
  for _, status in ipairs(STATUSES) do
    ended = ended + stored('', status)
  end
  local excess = math.min(ended - KEPT, MOST - removed)
  if excess <= 0 then break end
  local ids = made_first(excess)
  local gone = remove(ids)
  -- An index with tasks that do not exist must not block the server.
  if gone == 0 then break end
  removed = removed + gone
  write()
  queues, counted = {}, {}
end
trim_log(0, now - ARGV[6])
return {now, 0, -1, removed}
