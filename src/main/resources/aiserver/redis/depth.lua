-- How long a queue is and when its oldest job was made, without carrying the job's payload over the wire.
-- KEYS: queue     ARGV: most-bytes
-- Returns {length, created_at or ''}. A message too long to be looked into without holding up others has no age.
local oldest = redis.call('LINDEX', KEYS[1], -1)
local created = ''
if oldest and #oldest <= tonumber(ARGV[1]) then
  local readable, job = pcall(cjson.decode, oldest)
  if readable and type(job) == 'table' and type(job.created_at) == 'number' and job.created_at >= 0
      and job.created_at < 1e15 then
    created = string.format('%.0f', job.created_at)
  end
end
return {redis.call('LLEN', KEYS[1]), created}
