-- Says that a worker lives, and enters it where recovery looks.
-- KEYS: heartbeat workers epoch     ARGV: worker ttl-ms info fresh-epoch
-- Returns 1 if the worker was known to live, 0 if its heartbeat had run out or this is the first.
local known = redis.call('EXISTS', KEYS[1])
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2])
local now = redis.call('TIME')
redis.call('ZADD', KEYS[2], now[1], ARGV[1])
if redis.call('EXISTS', KEYS[3]) == 0 then
  redis.call('SET', KEYS[3], ARGV[4])
end
return known
