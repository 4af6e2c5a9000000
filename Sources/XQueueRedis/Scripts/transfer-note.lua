-- Returns the note of the latest transfer to the queue.
--
-- KEYS  [1] tag
-- reply the note, or null
-- include keys

return redis.call('HGET', TRANSFER, 'note')
