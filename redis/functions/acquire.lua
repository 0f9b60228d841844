-- Takes the line over (raises its fence) from the engine with the fence named, or only looks;
-- answers all that an engine must know. One that comes late finds another fence, and fences nobody.
-- KEYS: line, producers, state. ARGV: fence, or 'look'.
-- Reply: 'FENCED', fence | fence, log_start, log_end, committed_position, outbox_end,
-- quarantine_end, published_position, state or false, producers as name and value pairs.
local line = KEYS[1]
local fence = tonumber(redis.call('HGET', line, 'fence') or 0)
if ARGV[1] ~= 'look' then
  if fence ~= tonumber(ARGV[1]) then return { 'FENCED', fence } end
  fence = redis.call('HINCRBY', line, 'fence', 1)
end
local numbers = redis.call('HMGET', line, 'log_start', 'log_end', 'committed_position',
  'outbox_end', 'quarantine_end', 'published_position')
return {
  fence,
  tonumber(numbers[1] or 1),
  tonumber(numbers[2] or 0),
  tonumber(numbers[3] or 0),
  tonumber(numbers[4] or 0),
  tonumber(numbers[5] or 0),
  tonumber(numbers[6] or 0),
  redis.call('GET', KEYS[3]),
  redis.call('HGETALL', KEYS[2]),
}
