-- Gives a waiting task another definition.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] identifier  [4] the version it must have  [5] when to run (see run_time), or '=' to leave it
--       [6] the definition, without its times
-- reply time, ready, due, 0 or the code of the rejection, the record
-- include keys clock records log writes places unique machine rewriting

local function change_task(t)
  if not t then return $NOT_FOUND end
  if t[STATUS] ~= $PENDING then return $NOT_PENDING end
  if t[VERSION] ~= tonumber(ARGV[4]) then return $VERSION_CONFLICT end
  local d, new = definition_of(t), FIELD(SENT, UNIQUE_KEY, ARGV[6])
  -- What is blocked waits for the holder of the same key.
  local is_kept = new == d[UNIQUE_KEY] or t[REASON] == $BLOCKED and new ~= '' and d[UNIQUE_KEY] ~= ''
    and (rule_of(t[TYPE], new)) == (rule_of(t[TYPE], d[UNIQUE_KEY]))
  if not is_kept and is_taken(t.id, t[TYPE], new, d[CREATED], t[STARTED]) then
    return $UNIQUE_KEY_TAKEN
  end
  rewrite(t, ARGV[5], ARGV[6])
  return 0
end

local code = change_task(task(ARGV[3]))
refill_touched()
local reply = finish()
reply[4], reply[5] = code, record(ARGV[3])
return reply
