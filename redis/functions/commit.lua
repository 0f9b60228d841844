-- Stores state, position and events at once; the last commit made again changes nothing.
-- KEYS: line, state, outbox. ARGV: fence, position, state ('' keeps the stored one and its
-- position), first offset, event ...
-- Reply: 'OK' | 'FENCED', fence | 'BUG', what should hold.
local fence = tonumber(redis.call('HGET', KEYS[1], 'fence') or 0)
if fence ~= tonumber(ARGV[1]) then return { 'FENCED', fence } end
local numbers = redis.call('HMGET', KEYS[1], 'log_end', 'published_position', 'outbox_end',
  'committed_position')
local position, published = tonumber(ARGV[2]), tonumber(numbers[2] or 0)
local offset, withState = tonumber(numbers[3] or 0), ARGV[3] ~= ''
if position > tonumber(numbers[1] or 0) then return { 'BUG', 'commits what is in its log' } end
if position < published then return { 'BUG', 'commits forward' } end
if #ARGV > 4 and tonumber(ARGV[4]) ~= offset + 1 then
  local again = tonumber(ARGV[4]) + #ARGV - 5 == offset and position == published
  if again and not withState and tonumber(numbers[4] or 0) < position then return { 'OK' } end
  if again and withState and redis.call('GET', KEYS[2]) == ARGV[3] then return { 'OK' } end
  return { 'BUG', 'continues its outbox' }
end
for index = 5, #ARGV do
  offset = offset + 1
  redis.call('XADD', KEYS[3], string.format('%.0f-0', offset), 'b', ARGV[index])
end
redis.call('HSET', KEYS[1], 'published_position', ARGV[2],
  'outbox_end', string.format('%.0f', offset))
if withState then
  redis.call('SET', KEYS[2], ARGV[3])
  redis.call('HSET', KEYS[1], 'committed_position', ARGV[2])
end
return { 'OK' }
