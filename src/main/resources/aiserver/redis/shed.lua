-- Takes one message out of a queue that is too long, to be refused.
-- KEYS: queue processing     ARGV: most side(LEFT: newest | RIGHT: oldest) reliable(1|0)
-- Returns {message} or {}.
local queue, processing = unpack(KEYS)
local most, side, reliable = unpack(ARGV)
if redis.call('LLEN', queue) <= tonumber(most) then
  return {}
end
if reliable == '1' then
  return {redis.call('LMOVE', queue, processing, side, 'LEFT')}
elseif side == 'LEFT' then
  return {redis.call('LPOP', queue)}
end
return {redis.call('RPOP', queue)}
