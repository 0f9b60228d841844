-- Takes the line over (raises its fence) or only looks; answers all that an engine must know.
-- KEYS: line, producers, state. ARGV: 'take' or 'look'. Reply: fence, log_start, log_end, committed_position,
-- outbox_end, quarantine_end, published_position, state or false, producers as name and value pairs.
local line = KEYS[1]
local fence = ARGV[1] == 'take' and redis.call('HINCRBY', line, 'fence', 1)
  or tonumber(redis.call('HGET', line, 'fence') or 0)
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
