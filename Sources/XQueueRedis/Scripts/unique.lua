-- The unique keys: which task holds which, as UniqueKeys in Swift.
--
-- A value of UNIQUE is the identifier of the holder, that of the task behind it, if any, and the time from which the key is free
-- although its holder has not moved, if there is one. The identifier EXPECTED stands for a holder that a transfer has yet to bring.
-- define EXPECTED string.rep('\0', 16)

-- Returns the rule of a task: its field in UNIQUE, until when it holds the key ('s'tarted, 'd'one or 'w'indow), and the window. A
-- unique key is stored with everything else of its rule behind '\30', unless that is as usual: see UniqueTerms in Swift.
local function rule_of(type, unique_key)
  local at = string.find(unique_key, '\30', 1, true)
  if not at then return type .. OF_TYPE .. unique_key, 'd', NONE end
  local ends, scope, window = string.match(unique_key, '^(%l)(%l)(%d*)$', at + 1)
  return (scope == 'a' and '' or type) .. OF_TYPE .. string.sub(unique_key, 1, at - 1), ends, tonumber(window) or NONE
end

local function stored_entry(field)
  local value = redis.call('HGET', UNIQUE, field)
  if not value then return nil end
  local has_next = #value >= 32
  return {
    holder = string.sub(value, 1, 16), next = has_next and string.sub(value, 17, 32),
    expires = tonumber(string.sub(value, has_next and 33 or 17)) or NONE,
  }
end

-- Returns the entry of a key that a task holds, or nil. One with a task behind it lasts until its holder has ended.
local function live_entry(field)
  local entry = stored_entry(field)
  return entry and (entry.next or entry.expires > now) and entry or nil
end

local function save_entry(field, entry)
  redis.call('HSET', UNIQUE, field,
    entry.holder .. (entry.next or '') .. (entry.expires == NONE and '' or string.format('%.0f', entry.expires)))
end

-- From when the key of a task is free although the task has not moved.
local function expiry_of(t, ends, window)
  if window == NONE or (ends ~= 'w' and t[STATUS] <= $PROCESSING) then return NONE end
  return definition_of(t)[CREATED] + window
end

-- The field of the key that an unfinished task is to hold; nil if there is none.
local function claimed_field(type, unique_key, created, started)
  if unique_key == '' then return nil end
  local field, ends, window = rule_of(type, unique_key)
  if (ends == 's' and started ~= NONE) or (ends == 'w' and created + window <= now) then return nil end
  return field
end

-- Whether another task has the key that a task without it would take.
local function is_taken(id, type, unique_key, created, started)
  local field = claimed_field(type, unique_key, created, started)
  if not field then return false end
  local entry = live_entry(field)
  return entry and entry.holder ~= id and entry.holder ~= EXPECTED
end

local function hold_key(field, id, expires)
  local entry = stored_entry(field)
  if not entry or (entry.holder ~= id and entry.holder ~= EXPECTED) then entry = {} end
  entry.holder, entry.expires = id, expires
  save_entry(field, entry)
end

-- Gives a task its key, which no other has, if it is to hold it in its present state; returns whether it is.
local function take_key(t)
  local unique_key = definition_of(t)[UNIQUE_KEY]
  if unique_key == '' then return false end
  local field, ends, window = rule_of(t[TYPE], unique_key)
  local expires = expiry_of(t, ends, window)
  if ends == 's' then
    if t[STATUS] ~= $PENDING or t[STARTED] ~= NONE then return false end
  elseif expires <= now or (expires == NONE and t[STATUS] > $PROCESSING) then
    return false
  end
  hold_key(field, t.id, expires)
  return true
end

-- The task that a blocked one waited for has ended.
local function unblock(t)
  if t[STATUS] ~= $PENDING or t[REASON] ~= $BLOCKED then return end
  t[REASON] = t[RUN] <= now and $READY or $SCHEDULED
  change(t)
  if t[REASON] == $SCHEDULED then return end
  t[RUN] = now
  local timeout = definition_of(t)[QUEUE_TIMEOUT]
  if timeout ~= NONE then t[QUEUE_DEADLINE] = now + timeout end
  enter_ready(t)
end

-- A task gives up its key; the one behind it takes over.
local function leave_key(field, id)
  local entry = stored_entry(field)
  if not entry then return end
  if entry.next == id then
    entry.next = false
    save_entry(field, entry)
  end
  if entry.holder ~= id then return end
  local t = entry.next and task(entry.next)
  if not t then
    redis.call('HDEL', UNIQUE, field)
  else
    save_entry(field, {holder = entry.next, expires = NONE})
    unblock(t)
  end
end

-- Follows the end of a task with a key.
local function end_key(t)
  local field, ends, window = rule_of(t[TYPE], definition_of(t)[UNIQUE_KEY])
  local entry = stored_entry(field)
  if not entry then return end
  local expires = expiry_of(t, ends, window)
  if entry.holder == t.id and not entry.next and expires ~= NONE and expires > now then
    entry.expires = expires
    save_entry(field, entry)
  else
    leave_key(field, t.id)
  end
end

-- Follows the rewriting of a pending task, whose key was the old one.
local function rewrite_key(t, old)
  local new = definition_of(t)[UNIQUE_KEY]
  local left, taken = old ~= '' and (rule_of(t[TYPE], old)), new ~= '' and (rule_of(t[TYPE], new))
  if left == taken then
    local entry = left and live_entry(left)
    if left and (not entry or entry.holder == t.id) and not take_key(t) then leave_key(left, t.id) end
    return
  end
  if left then leave_key(left, t.id) end
  take_key(t)
  -- It no longer waits for the holder of its old key.
  unblock(t)
end
