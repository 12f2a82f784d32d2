-- Takes one request's message out of the middle of its queue, since it was cancelled and need not wait for its turn.
-- KEYS: queue processing cancel     ARGV: request_id most-messages most-bytes reliable(1|0) ttl-ms
-- Returns {message} or {}. What lies beyond the limits is answered when its turn comes.
local queue, processing, cancel = unpack(KEYS)
local id, most, bytes, reliable, ttl = unpack(ARGV)
local left = tonumber(bytes)
for i = 1, math.min(redis.call('LLEN', queue), tonumber(most)) do
  local message = redis.call('LINDEX', queue, -i)
  left = left - #message
  if left < 0 then
    return {}
  end
  -- The cheap look first; the id might stand anywhere, so only a decoded message tells.
  if string.find(message, '"' .. id .. '"', 1, true) then
    local readable, job = pcall(cjson.decode, message)
    if readable and type(job) == 'table' and job.request_id == id then
      if reliable == '1' then
        redis.call('LPUSH', processing, message)
      end
      redis.call('LREM', queue, -1, message)
      redis.call('SET', cancel, '1', 'PX', ttl, 'NX')
      return {message}
    end
  end
end
return {}
