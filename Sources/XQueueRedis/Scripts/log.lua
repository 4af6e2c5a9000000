-- Collects the events of a call, and writes them as one entry of the log: a stream whose IDs are the time and the
-- number of the entry's last event, so that an event's cursor is a position in the stream.
--
-- An entry (form ENTRY) has the number of its first event and the time of the call, followed by groups: a head, the
-- number of tasks (form GROUP), and their identifiers, 16 bytes each. A head (form STATUS_HEAD or PROGRESS_HEAD) is
-- followed by the error or the message, and the metadata (form METADATA) if there is some. Optional strings are as in
-- a state.

-- The identifiers, with their head. Progress comes before status changes, which is the order of the events of a task with both
-- in one call. There is no order between tasks.
local groups, progress_heads, status_heads = {}, {}, {}
local function group(heads, head)
  local ids = groups[head]
  if not ids then
    ids = {n = 0, head = head}
    groups[head] = ids
    heads[#heads + 1] = ids
  end
  return ids
end

-- How many events to keep. 0 disables the log, for benchmarks.
local kept = tonumber(string.match(ORIGIN, '%d+$'))

local function tell(ids, id)
  if kept == 0 then return end
  local n = ids.n + 1
  ids[n], ids.n = id, n
end

local function tagged(metadata)
  return metadata == '' and '' or WRITE(METADATA, {metadata_length = #metadata}) .. metadata
end

local function kind_of(kind, metadata)
  return metadata == '' and kind or kind + $WITH_METADATA
end

local function steps(previous, status, version, retries, type, worker, error, metadata)
  return group(status_heads, WRITE(STATUS_HEAD, {
    kind = kind_of($STATUS_EVENT, metadata), previous = previous, status = status, version = version,
    retries = retries, type = type, worker = worker, error_length = #error,
  }) .. error .. tagged(metadata))
end

local function tell_progress(id, percent, type, worker, message, metadata)
  tell(group(progress_heads, WRITE(PROGRESS_HEAD, {
    kind = kind_of($PROGRESS_EVENT, metadata), percent = percent, type = type, worker = worker,
    message_length = #message,
  }) .. message .. tagged(metadata)), id)
end

local function tell_schedule(id, type, change)
  tell(group(status_heads, WRITE(SCHEDULE_HEAD, {kind = $SCHEDULE_EVENT, type = type, change = change})), id)
end

-- Caches the last group, since tasks with the same change mostly come in sequence.
local last_ids, last_status, last_version, last_retries, last_type, last_worker, last_error, last_previous
local last_metadata
local function tell_step(id, previous, status, version, retries, type, worker, error, metadata)
  if kept == 0 then return end
  if status ~= last_status or version ~= last_version or type ~= last_type or worker ~= last_worker
    or retries ~= last_retries or error ~= last_error or previous ~= last_previous or metadata ~= last_metadata then
    last_previous, last_status, last_version, last_retries = previous, status, version, retries
    last_type, last_worker, last_error, last_metadata = type, worker, error, metadata
    last_ids = steps(previous, status, version, retries, type, worker, error, metadata)
  end
  local n = last_ids.n + 1
  last_ids[n], last_ids.n = id, n
end

-- Later events come after those so far, even of tasks that change in the same way.
local function seal_log()
  groups, last_status = {}, nil
end

-- Removes the oldest entries, up to the event of that number or the given time, but at most as many as a call has time
-- for. Keeps the newest entry, which marks the end of the log.
local function trim_log(number, time)
  local size, removed, first = 2, 0, nil
  repeat
    local found, spare = redis.call('XRANGE', EVENTS, '-', '+', 'COUNT', size), 0
    for i, entry in ipairs(found) do
      local written, last = string.match(entry[1], '^(%d+)-(%d+)$')
      if tonumber(last) > number and tonumber(written) >= time then break end
      first = first or tonumber(last)
      spare, removed = i, tonumber(last) - first
    end
    if spare > 0 then
      -- MAXLEN is the only strategy that every version of Redis supports.
      redis.call('XTRIM', EVENTS, 'MAXLEN', math.max(1, redis.call('XLEN', EVENTS) - spare))
    end
    local is_over = spare < size or removed > 20000
    size = math.min(64, 2 * size)
  until is_over
end

local function write_log()
  local parts, n, number = {''}, 1, 0
  for _, heads in ipairs({progress_heads, status_heads}) do
    for _, ids in ipairs(heads) do
      parts[n + 1], parts[n + 2] = ids.head, WRITE(GROUP, {size = ids.n})
      parts[n + 3] = table.concat(ids, '', 1, ids.n)
      n, number = n + 3, number + ids.n
    end
  end
  if number == 0 then return end
  local last = redis.pcall('HINCRBY', COUNTS, 'events', number)
  if type(last) ~= 'number' or last < number or last > 9007199254740991 then
    -- The count is invalid: continue from the newest entry.
    local newest = redis.call('XREVRANGE', EVENTS, '+', '-', 'COUNT', 1)[1]
    last = (newest and tonumber(string.match(newest[1], '%d+$')) or 0) + number
    redis.call('HSET', COUNTS, 'events', string.format('%.0f', last))
  end
  parts[1] = WRITE(ENTRY, {first = last - number + 1, time = now})
  local batch = table.concat(parts, '', 1, n)
  local added = redis.pcall('XADD', EVENTS, string.format('%.0f-%.0f', now, last), 'e', batch)
  if type(added) == 'table' then
    -- The clock was set back: reuse the time of the newest entry.
    local newest = redis.call('XREVRANGE', EVENTS, '+', '-', 'COUNT', 1)[1]
    local time = newest and string.match(newest[1], '^%d+') or string.format('%.0f', now)
    redis.call('XADD', EVENTS, string.format('%s-%.0f', time, last), 'e', batch)
  end
  -- Trim occasionally only.
  local step = math.max(1, math.min(1024, math.floor(kept / 10)))
  if math.floor(last / step) > math.floor((last - number) / step) then trim_log(last - kept, 0) end
end
