-- Takes one message out of a queue that is too long, to be refused.
-- KEYS: queue processing     ARGV: most side(LEFT: newest | RIGHT: oldest) reliable(1|0)
if redis.call('LLEN', KEYS[1]) <= tonumber(ARGV[1]) then
  return false
end
if ARGV[3] == '1' then
  return redis.call('LMOVE', KEYS[1], KEYS[2], ARGV[2], 'LEFT')
elseif ARGV[2] == 'LEFT' then
  return redis.call('LPOP', KEYS[1])
end
return redis.call('RPOP', KEYS[1])
