-- What the latest transfer into the queue has noted.
--
-- KEYS  [1] tag
-- reply the note, or nothing
-- include keys

return redis.call('HGET', TRANSFER, 'note')
