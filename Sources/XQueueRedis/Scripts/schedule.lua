-- Returns a schedule.
--
-- KEYS  [1] tag
-- ARGV  [1] name
-- reply the record, or false
-- include keys timetable

return schedule_of(ARGV[1])
