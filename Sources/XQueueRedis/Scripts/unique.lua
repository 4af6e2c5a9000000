-- Lookup of unique keys.

-- Returns the unfinished task of the type that has the key, or false.
local function holder_of(type, key)
  return redis.call('HGET', UNIQUE, type .. OF_TYPE .. key)
end
