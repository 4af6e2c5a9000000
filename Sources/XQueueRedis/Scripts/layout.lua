-- Which layout the queue has: what each new connection asks first.
--
-- KEYS  [1] tag
-- reply the layout's number; 0 if there is nothing yet, -1 if it is no number
-- include keys layouts

local layout = layout_of()
return layout == math.huge and -1 or layout
