-- Remembers a cancel that was published for a job that may still wait in its queue.
-- KEYS: cancel result     ARGV: ttl-ms
if redis.call('EXISTS', KEYS[2]) == 1 or redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
return 1
