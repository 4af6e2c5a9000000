-- An identifier is the 16 bytes of its UUID. Redis orders members by bytes, but Lua compares strings by the server's
-- locale, so scripts compare identifiers as numbers.

-- define ID '>I6I6I4'
local function is_older(a, b)
  local a1, a2, a3 = struct.unpack(ID, a)
  local b1, b2, b3 = struct.unpack(ID, b)
  if a1 ~= b1 then return a1 < b1 end
  if a2 ~= b2 then return a2 < b2 end
  return a3 < b3
end
