-- Gives a message back to the popping end of its queue; a start that its worker broke off itself is not counted.
-- KEYS: processing queue lease attempts     ARGV: message token reliable(1|0) held
-- What was never claimed stays where the worker holds the same bytes more often than they are on its list (drop.lua).
local processing, queue, lease, attempts = unpack(KEYS)
local message, token, reliable, held = unpack(ARGV)
local ours = redis.call('GET', lease) == token
local function letGo()
  if ours then
    redis.call('DEL', lease)
    if tonumber(redis.call('GET', attempts) or '0') > 1 then
      redis.call('DECR', attempts)
    else
      redis.call('DEL', attempts)
    end
  end
end
if reliable == '1' then
  if #redis.call('LPOS', processing, message, 'COUNT', 0) < (ours and 1 or tonumber(held)) then
    letGo() -- whoever has the message now may run it
    return 0
  end
elseif token ~= '' and not ours then
  return 0
end
redis.call('RPUSH', queue, message)
redis.call('LREM', processing, 1, message)
letGo()
return 1
