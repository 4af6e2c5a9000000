-- The rewriting of waiting tasks, the same as that of TaskStateMachine in Swift.

-- Replaces the definition of a pending task by the one that was sent. `schedule` is as for run_time(), or '=' to leave the time to
-- run as it is.
local function rewrite(t, schedule, sent)
  local old = definition_of(t)
  local definition = WRITE(TIMES, {created = old[CREATED], first_run = old[FIRST_RUN]}) .. sent
  -- First, since a server that is out of memory rejects the call here.
  redis.call('HSET', TASKS, t.id, definition)
  leave(t)
  if t[KEY] ~= '' then redis.call('ZREM', history_of(t[TYPE], t[KEY]), t.id) end
  -- It has no place in the history of its new key yet.
  t.place = false

  local d = {struct.unpack(DEFINITION, definition)}
  t.definition, t.metadata = d, metadata_behind(definition, d[DEFINITION_REST])
  t[FLAGS] = flags_of(d[UNIQUE_KEY], t.metadata)
  t[LIMIT], t[KEY] = d[DEFINED_LIMIT], d[DEFINED_KEY]

  local reason = t[REASON] == $PARKED and $READY or t[REASON]
  if schedule ~= '=' then
    t[RUN] = run_time(schedule)
    if reason ~= $BLOCKED then reason = t[RUN] > now and $SCHEDULED or $READY end
  end
  if reason ~= $READY then
    t[QUEUE_DEADLINE] = NONE
  elseif t[STARTED] == NONE and (schedule ~= '=' or d[QUEUE_TIMEOUT] ~= old[QUEUE_TIMEOUT]) then
    t[QUEUE_DEADLINE] = d[QUEUE_TIMEOUT] == NONE and NONE or now + d[QUEUE_TIMEOUT]
  end
  enter(t, $PENDING)
  t[REASON] = reason
  if reason == $READY then enter_ready(t) end
  rewrite_key(t, old[UNIQUE_KEY])
end
