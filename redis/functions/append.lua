-- Appends one entry, once per producer sequence, with its quarantine rows.
-- KEYS: line, producers, log, quarantine.
-- ARGV: fence, entry, producer ('' for none), epoch, sequence, rows_max, row ...
-- Reply: 'OK', position (0: duplicate) | 'FENCED', fence | 'EPOCH', current | 'GAP', expected.
local fence = tonumber(redis.call('HGET', KEYS[1], 'fence') or 0)
if fence ~= tonumber(ARGV[1]) then return { 'FENCED', fence } end
local producer = ARGV[3]
if producer ~= '' then
  local known = redis.call('HGET', KEYS[2], producer)
  local current, committed = 0, 0
  if known then
    local first, second = string.match(known, '^(%d+):(%d+)$')
    current, committed = tonumber(first), tonumber(second)
  end
  local sequence = tonumber(ARGV[5])
  if current ~= tonumber(ARGV[4]) then return { 'EPOCH', current } end
  if sequence <= committed then return { 'OK', 0 } end
  if sequence ~= committed + 1 then return { 'GAP', committed + 1 } end
  redis.call('HSET', KEYS[2], producer, ARGV[4] .. ':' .. ARGV[5])
end
local position = redis.call('HINCRBY', KEYS[1], 'log_end', 1)
redis.call('XADD', KEYS[3], string.format('%.0f-0', position), 'b', ARGV[2])
for index = 7, #ARGV do
  local id = redis.call('HINCRBY', KEYS[1], 'quarantine_end', 1)
  redis.call('XADD', KEYS[4], 'MAXLEN', '=', ARGV[6], string.format('%.0f-0', id), 'b', ARGV[index])
end
return { 'OK', position }
