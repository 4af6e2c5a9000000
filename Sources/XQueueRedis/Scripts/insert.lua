-- Inserts tasks. Each caller's tasks are accepted or rejected together.
--
-- KEYS  [1] tag
-- ARGV  [1] time  [2] origin  [3] maximum number of pending tasks  [4] maximum number of types  [5…] the callers: see submit.lua
-- reply time, ready, due, then for each caller: {code, number}, or {0, task, …} where a task is 0 if it was inserted,
--       1 if it also waits for another, or else the existing record: see show()
-- include keys clock records log writes places unique machine rewriting submit

local callers = submit(5)
local reply = finish()
for _, answers in ipairs(callers) do reply[#reply + 1] = show(answers) end
return reply
