-- Who has a unique key.

-- The unfinished task of the type that the key belongs to, or false.
local function holder_of(type, key)
  local found = redis.call('HMGET', UNIQUE, type .. OF_TYPE .. key, key)
  if found[1] then return found[1] end
  local definition = found[2] and redis.call('HGET', TASKS, found[2])
  return definition and select(DEFINED_TYPE, struct.unpack(DEFINITION, definition)) == type and found[2]
end
