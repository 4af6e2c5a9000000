-- Makes ended tasks pending again.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3…] identifiers
-- reply time, ready, due, then for each task: 0 or the code of the rejection, and its record
-- include keys clock may-grow records unique log writes places machine

local codes = {}

local function requeue(t)
  if not t then return $NOT_FOUND end
  local status = t[STATUS]
  if status ~= $FAILED and status ~= $CANCELED and status ~= $TIMEOUT then return $NOT_REQUEUEABLE end
  local d = definition_of(t)
  if t[FLAGS] % $IS_TAGGED == $IS_UNIQUE then
    if holder_of(t[TYPE], d[UNIQUE_KEY]) then return $UNIQUE_KEY_TAKEN end
    redis.call('HSET', UNIQUE, t[TYPE] .. OF_TYPE .. d[UNIQUE_KEY], t.id)
  end
  t[RETRIES], t[STARTED], t[COMPLETED], t[CANCEL] = 0, NONE, NONE, NONE
  t[PERCENT], t.message = -1, ''
  t[QUEUE_DEADLINE] = d[QUEUE_TIMEOUT] == NONE and NONE or now + d[QUEUE_TIMEOUT]
  wait(t, now)
  return 0
end

for i = 3, #ARGV do codes[i - 2] = requeue(task(ARGV[i])) end
local reply = finish()
for i, code in ipairs(codes) do
  reply[2 * i + 2], reply[2 * i + 3] = code, record(ARGV[i + 2])
end
return reply
