-- Takes a popped message in hand, or says why it must not run. Safe to send twice with the same token.
-- KEYS: processing lease result attempts cancel epoch
-- ARGV: message token stale channel max-attempts garbage-ms fresh-epoch reliable(1|0)
-- Returns {verdict, attempt, epoch or the holder's token}.
local processing, lease, result, attempts, cancel, epochKey = unpack(KEYS)
local message, token, stale, channel, max, garbage, fresh, reliable = unpack(ARGV)
if reliable == '1' and not redis.call('LPOS', processing, message) then
  return {'LOST', 0, ''}
end
if string.find(redis.call('GETRANGE', result, 0, 400), '"status":"success"', 1, true) then
  redis.call('PUBLISH', channel, redis.call('GET', result))
  redis.call('LREM', processing, 1, message)
  return {'ANSWERED', 0, ''}
end
local holder = redis.call('GET', lease)
if holder and holder ~= token and holder ~= stale then
  return {'RUNNING', 0, holder}
end
if redis.call('EXISTS', epochKey) == 0 then
  redis.call('SET', epochKey, fresh)
end
local epoch = redis.call('GET', epochKey)
local tried = tonumber(redis.call('GET', attempts) or '0')
redis.call('SET', lease, token, 'PX', garbage)
if redis.call('EXISTS', cancel) == 1 then
  return {'CANCELLED', tried, epoch}
end
-- The count goes one beyond the limit and no further, which also tells a repeated call what the first one said.
if holder ~= token and tried <= tonumber(max) then
  tried = redis.call('INCR', attempts)
  redis.call('PEXPIRE', attempts, garbage)
end
if tried > tonumber(max) then
  return {'EXHAUSTED', tonumber(max), epoch}
end
return {'RUN', tried, epoch}
