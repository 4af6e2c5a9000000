-- Returns the queue's layout, which each new connection checks.
--
-- KEYS  [1] tag
-- reply the layout's number; 0 for an empty queue, -1 if it is not a number
-- include keys layouts

local layout = layout_of()
return layout == math.huge and -1 or layout
