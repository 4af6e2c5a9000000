-- Who has a unique key.

-- The unfinished task of the type that the key belongs to, or false.
local function holder_of(type, key)
  return redis.call('HGET', UNIQUE, type .. OF_TYPE .. key)
end
