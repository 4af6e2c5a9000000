-- ARGV[1]  the time in milliseconds, or '' for the server's own clock
-- ARGV[2]  who calls, so that it can pass by its own messages, and how many events it wants kept: k3j2/500000

-- Redis 6 replicates what a script did, instead of the script, only if asked to.
if redis.replicate_commands then redis.replicate_commands() end

local ORIGIN = ARGV[2]
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
