-- A server that is out of memory refuses a script at its first write if that write can grow memory, and
-- then runs all of it or nothing. Work that frees memory in the long run must go on: it begins with a
-- write that cannot grow anything.
redis.call('DEL', PROBE)
