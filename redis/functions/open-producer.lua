-- Raises a producer's epoch by one.
-- KEYS: line, producers. ARGV: fence, producer, producers_max.
-- Reply: 'OK', epoch, committed sequence | 'FENCED', fence | 'FULL', count.
local fence = tonumber(redis.call('HGET', KEYS[1], 'fence') or 0)
if fence ~= tonumber(ARGV[1]) then return { 'FENCED', fence } end
local known = redis.call('HGET', KEYS[2], ARGV[2])
local epoch, sequence = 0, '0'
if known then
  local first, second = string.match(known, '^(%d+):(%d+)$')
  epoch, sequence = tonumber(first), second
elseif redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[3]) then
  return { 'FULL', redis.call('HLEN', KEYS[2]) }
end
epoch = epoch + 1
redis.call('HSET', KEYS[2], ARGV[2], string.format('%.0f:%s', epoch, sequence))
return { 'OK', epoch, tonumber(sequence) }
