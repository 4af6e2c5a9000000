-- Makes ended tasks pending again.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3…] identifiers
-- reply time, ready, due, then for each task: 0 or the code of the rejection, and its record
-- include keys clock may-grow records log writes places unique machine

local codes = {}

local function requeue(t)
  if not t then return $NOT_FOUND end
  local status = t[STATUS]
  if status ~= $FAILED and status ~= $CANCELED and status ~= $TIMEOUT then return $NOT_REQUEUEABLE end
  local d = definition_of(t)
  if is_taken(t.id, t[TYPE], d[UNIQUE_KEY], d[CREATED], NONE) then return $UNIQUE_KEY_TAKEN end
  t[RETRIES], t[STARTED], t[COMPLETED], t[CANCEL] = 0, NONE, NONE, NONE
  t[PERCENT], t.message = -1, ''
  t[QUEUE_DEADLINE] = d[QUEUE_TIMEOUT] == NONE and NONE or now + d[QUEUE_TIMEOUT]
  wait(t, now)
  take_key(t)
  return 0
end

for i = 3, #ARGV do codes[i - 2] = requeue(task(ARGV[i])) end
local reply = finish()
for i, code in ipairs(codes) do
  reply[2 * i + 2], reply[2 * i + 3] = code, record(ARGV[i + 2])
end
return reply
