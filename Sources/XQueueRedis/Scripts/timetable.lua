-- The schedules: a hash of records, 'VERSION DUE SIZE DEFINITION STATE' with SIZE that of the definition and DUE '' for never, a set of
-- the names in their order, and one of the due times.

local function schedule_of(name) return redis.call('HGET', SCHEDULES, name) end

-- The version of a record; 0 if there is none.
local function version_of(schedule)
  return schedule and tonumber(string.match(schedule, '^(%d+) ')) or 0
end

-- Names with their records.
local function with_records(names)
  local found = {}
  for _, name in ipairs(names) do
    local schedule = schedule_of(name)
    if schedule then
      found[#found + 1] = name
      found[#found + 1] = schedule
    end
  end
  return found
end
