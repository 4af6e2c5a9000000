-- Lists schedules.
--
-- KEYS  [1] tag
-- ARGV  [1] maximum number  [2] the name after which to begin, or ''
-- reply name, record, …
-- include keys timetable

local from = ARGV[2] == '' and '-' or '(' .. ARGV[2]
return with_records(redis.call('ZRANGEBYLEX', SCHEDULE_NAMES, from, '+', 'LIMIT', 0, ARGV[1]))
