-- Stores the progress of attempts.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin, then for each attempt: identifier, token, percent, message ('' or '=TEXT')
-- reply time, ready, due
-- include keys clock may-grow records log writes

local ids = {}
for i = 3, #ARGV, 4 do ids[#ids + 1] = ARGV[i] end
load(ids)

-- Of several reports for an attempt, only the last one becomes an event.
local reported = {}
for i, id in ipairs(ids) do
  local t = tasks[id]
  local at = 4 * i
  if t and t[STATUS] == $PROCESSING and t[TOKEN] == tonumber(ARGV[at]) then
    t[PERCENT], t.message, t[UPDATED] = tonumber(ARGV[at + 1]), ARGV[at + 2], now
    change(t)
    reported[id] = t
  end
end
for id, t in pairs(reported) do tell_progress(id, t[PERCENT], t[TYPE], t[WORKER], t.message, metadata_of(t)) end
return finish()
