-- Records how far attempts have come.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin, then for each attempt: identifier, token, percent, message ('' or '=TEXT')
-- reply time, ready, due
-- include keys clock may-grow records writes

local ids = {}
for i = 3, #ARGV, 4 do ids[#ids + 1] = ARGV[i] end
load(ids)

for i, id in ipairs(ids) do
  local t = tasks[id]
  local at = 4 * i
  if t and t[STATUS] == $PROCESSING and t[TOKEN] == tonumber(ARGV[at]) then
    t[PERCENT], t.message, t[UPDATED] = tonumber(ARGV[at + 1]), ARGV[at + 2], now
    change(t)
  end
end
return finish()
