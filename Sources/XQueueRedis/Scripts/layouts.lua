-- The queue's layout. The keys that every script uses have the layout's number in their names. Under the old names
-- there are strings, which make scripts of an older layout fail before they change anything.

-- define LAYOUT $LAYOUT
-- The names of these keys without the number, as in layout 1.
local FENCED = {':types', ':states', ':held', ':node-times'}
local FENCE = 'this queue has layout $LAYOUT, which requires XQueue 0.2 or newer'

-- Returns 0 for an empty queue. Layout 1 stored no number: it is the layout of a queue with a birth mark or types only.
local function layout_of()
  local layout = redis.call('HGET', META, 'layout')
  if layout then return tonumber(layout) or math.huge end
  if redis.call('HEXISTS', META, 'birth') == 1 then return 1 end
  local types = redis.pcall('HLEN', TAG .. ':types')
  return type(types) == 'number' and types > 0 and 1 or 0
end

-- Marks the queue as having this layout.
local function establish()
  redis.call('HSET', META, 'layout', LAYOUT)
  for _, name in ipairs(FENCED) do redis.call('SET', TAG .. name, FENCE) end
end
