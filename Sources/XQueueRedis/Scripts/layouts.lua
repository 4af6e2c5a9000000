-- Which layout the queue has. Keys whose names end with its number are those that every script touches: a program of an
-- older layout finds a text in their old places, and fails before it changes anything.

-- define LAYOUT $LAYOUT
-- What those keys are called without the number, as layout 1 called them.
local FENCED = {':types', ':states', ':held', ':node-times'}
local FENCE = 'this queue has layout $LAYOUT: it takes XQueue 0.2 or newer to read it'

-- 0 if there is nothing yet. The first layout had no number: a queue that has a birth, or types, and no number has that.
local function layout_of()
  local layout = redis.call('HGET', META, 'layout')
  if layout then return tonumber(layout) or math.huge end
  if redis.call('HEXISTS', META, 'birth') == 1 then return 1 end
  local types = redis.pcall('HLEN', TAG .. ':types')
  return type(types) == 'number' and types > 0 and 1 or 0
end

-- Says that the queue has this program's layout.
local function establish()
  redis.call('HSET', META, 'layout', LAYOUT)
  for _, name in ipairs(FENCED) do redis.call('SET', TAG .. name, FENCE) end
end
