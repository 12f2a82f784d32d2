-- Stores and publishes the one answer of a job and lets the job go. A second call, or one by a worker that lost the job
-- in the meantime, changes nothing.
-- KEYS: processing lease result attempts cancel dead epoch
-- ARGV: message token reply result-ms channel epoch bury(1|0) dead-kept reliable(1|0)
-- Returns 1 if this answer is the one that counts, be it from an earlier call whose reply was lost, and 0 if the job was no
-- longer in hand.
local processing, lease, result, attempts, cancel, dead, epochKey = unpack(KEYS)
local message, token, reply, ttl, channel, epoch, bury, kept, reliable = unpack(ARGV)
local function already()
  return redis.call('GET', result) == reply and 1 or 0
end
local holder = redis.call('GET', lease)
if holder and holder ~= token then
  return already()
end
-- With its lease the job is ours, though another hand of this worker may have taken the message off the list: whoever gives
-- a message to somebody else takes the lease away first.
if reliable == '1' and not holder then
  local held = redis.call('LPOS', processing, message)
  -- Redis came back without its data since the claim: nobody else can know of this job, so its answer still counts.
  local forgotten = redis.call('GET', epochKey) ~= epoch and redis.call('EXISTS', result) == 0
  if not held and not forgotten then
    return already()
  end
end
redis.call('SET', result, reply, 'PX', ttl)
redis.call('PUBLISH', channel, reply)
if bury == '1' then
  redis.call('LPUSH', dead, message)
  redis.call('LTRIM', dead, 0, tonumber(kept) - 1)
end
redis.call('DEL', lease, attempts, cancel)
redis.call('LREM', processing, 1, message)
return 1
