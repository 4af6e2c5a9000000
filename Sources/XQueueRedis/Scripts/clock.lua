-- ARGV[1]  the time in milliseconds, or '' for the server's clock
-- ARGV[2]  the caller, so that it can ignore its own messages, and how many events to keep: k3j2/500000

-- Redis 6 replicates the effects of a script, instead of the script, only on request.
if redis.replicate_commands then redis.replicate_commands() end

local ORIGIN = ARGV[2]
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

-- The time to run of a task accepted now: '' for now, '+MS' after a delay, 'MS' at a time.
local function run_time(schedule)
  if schedule == '' then return now end
  local time = string.byte(schedule) == 43 and now + tonumber(schedule) or tonumber(schedule)
  return math.max(time, now)
end
