-- Stores a line's definition.
-- KEYS: definitions. ARGV: line, definition, lines_max. Reply: 'OK' | 'FULL', count.
local count = redis.call('HLEN', KEYS[1])
if count >= tonumber(ARGV[3]) and redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  return { 'FULL', count }
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return { 'OK' }
