-- Says who holds unique keys.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3…] for each task: identifier, type, unique key as stored
-- reply for each task: 1 if it holds the key, or else 0
-- include keys clock records log writes places unique

local holders = {}
for i = 3, #ARGV, 3 do
  local entry = live_entry((rule_of(ARGV[i + 1], ARGV[i + 2])))
  holders[#holders + 1] = entry and entry.holder == ARGV[i] and 1 or 0
end
return holders
