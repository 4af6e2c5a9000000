-- A server that is out of memory rejects a script at its first write if that write can use memory; otherwise it runs
-- the whole script. Scripts that free memory in the long run must still run, so they begin with a write that cannot
-- use any.
redis.call('DEL', PROBE)
