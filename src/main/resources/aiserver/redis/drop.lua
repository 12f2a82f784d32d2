-- Takes a message off that is in other hands already. Where the worker holds the same bytes more often than they are on its
-- list, the one there is that of another hand: the message had been given back and was popped again meanwhile.
-- KEYS: processing     ARGV: message held
if #redis.call('LPOS', KEYS[1], ARGV[1], 'COUNT', 0) < tonumber(ARGV[2]) then
  return 0
end
return redis.call('LREM', KEYS[1], 1, ARGV[1])
