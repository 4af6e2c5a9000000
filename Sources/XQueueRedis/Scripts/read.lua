-- Reads tasks.
--
-- KEYS  [1] tag
-- ARGV  [1…] identifiers
-- reply for each task: its record, or null
-- include keys records

local reply = {}
for i, id in ipairs(ARGV) do reply[i] = record(id) end
return reply
