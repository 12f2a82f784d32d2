-- Takes one request's messages out of the middle of its queue, since it was cancelled and need not wait for its turn.
-- KEYS: queue processing cancel     ARGV: request_id most-messages most-bytes reliable(1|0) ttl-ms
-- Returns {the oldest message}, which is to be answered, or {}. The others, sent again while it waited, go: the answer is
-- theirs, too, and takes the cancel with it. What lies beyond the limits is answered when its turn comes.
local queue, processing, cancel = unpack(KEYS)
local id, most, bytes, reliable, ttl = unpack(ARGV)
local left = tonumber(bytes)
local found = {}
for i = 1, math.min(redis.call('LLEN', queue), tonumber(most)) do
  local message = redis.call('LINDEX', queue, -i)
  left = left - #message
  if left < 0 then
    break
  end
  -- The cheap look first; the id might stand anywhere, so only a decoded message tells.
  if string.find(message, '"' .. id .. '"', 1, true) then
    local readable, job = pcall(cjson.decode, message)
    if readable and type(job) == 'table' and job.request_id == id then
      table.insert(found, message)
    end
  end
end
if #found == 0 then
  return {}
end
if reliable == '1' then
  redis.call('LPUSH', processing, found[1])
end
for _, message in ipairs(found) do
  redis.call('LREM', queue, -1, message)
end
redis.call('SET', cancel, '1', 'PX', ttl, 'NX')
return {found[1]}
