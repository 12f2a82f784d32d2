-- Strikes a worker off the list once nothing can be left of it.
-- KEYS: heartbeat workers processing...     ARGV: worker silent-seconds leave(1|0)
-- With leave=1 the worker itself goes and ends its heartbeat first. A message may still reach a dead worker while the
-- server waits for its last pop to time out; silent-seconds is longer than that. A worker that was never entered is
-- entered now, to be struck off after that time.
if ARGV[3] == '1' then
  redis.call('DEL', KEYS[1])
elseif redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
local now = tonumber(redis.call('TIME')[1])
local seen = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]) or now)
if now - seen < tonumber(ARGV[2]) then
  redis.call('ZADD', KEYS[2], 'NX', now, ARGV[1])
  return 0
end
for i = 3, #KEYS do
  if redis.call('LLEN', KEYS[i]) > 0 then
    return 0
  end
end
return redis.call('ZREM', KEYS[2], ARGV[1])
