-- Takes a message off that is in other hands already.
-- KEYS: processing     ARGV: message
return redis.call('LREM', KEYS[1], 1, ARGV[1])
