-- Gives a message of a worker without heartbeat back to the popping end of its queue. Its start stays counted.
-- KEYS: heartbeat processing queue lease     ARGV: message worker
-- Returns 1 if moved, 0 if somebody else was faster, -1 if the worker lives after all.
local heartbeat, processing, queue, lease = unpack(KEYS)
local message, worker = unpack(ARGV)
if redis.call('EXISTS', heartbeat) == 1 then
  return -1
end
if not redis.call('LPOS', processing, message) then
  return 0
end
redis.call('RPUSH', queue, message)
redis.call('LREM', processing, 1, message)
local holder = redis.call('GET', lease)
if holder and string.sub(holder, 1, #worker + 1) == worker .. ' ' then
  redis.call('DEL', lease)
end
return 1
