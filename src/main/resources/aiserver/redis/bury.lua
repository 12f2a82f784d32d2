-- Keeps a message that nobody can be answered for.
-- KEYS: processing dead     ARGV: message dead-kept reliable(1|0)
if ARGV[3] == '1' and not redis.call('LPOS', KEYS[1], ARGV[1]) then
  return 0
end
redis.call('LPUSH', KEYS[2], ARGV[1])
redis.call('LTRIM', KEYS[2], 0, tonumber(ARGV[2]) - 1)
redis.call('LREM', KEYS[1], 1, ARGV[1])
return 1
