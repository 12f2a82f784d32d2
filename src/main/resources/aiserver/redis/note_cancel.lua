-- Remembers a cancel that was published for a job that may still wait in its queue. An error that stands as the result may
-- be that of an earlier run of a request that waits again: then nothing is kept that would hit a later one, and whoever
-- finds the message in its queue keeps the cancel (pull.lua).
-- KEYS: cancel result     ARGV: ttl-ms
-- Returns whether to look for the message: 0 where the request was answered with success.
local head = redis.pcall('GETRANGE', KEYS[2], 0, 400) -- an error where the key is of another type
if type(head) == 'string' and string.find(head, '"status":"success"', 1, true) then
  return 0
end
if redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('SET', KEYS[1], '1', 'PX', ARGV[1], 'NX')
end
return 1
