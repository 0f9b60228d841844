-- Stores blobs by number and drops all others that are not named.
-- KEYS: line, kept. ARGV: fence, count of numbers that stay, number ..., then number, bytes, ...
-- Reply: 'OK' | 'FENCED', fence.
local fence = tonumber(redis.call('HGET', KEYS[1], 'fence') or 0)
if fence ~= tonumber(ARGV[1]) then return { 'FENCED', fence } end
local stay, count = {}, tonumber(ARGV[2])
for index = 3, 2 + count do stay[ARGV[index]] = true end
for _, number in ipairs(redis.call('HKEYS', KEYS[2])) do
  if not stay[number] then redis.call('HDEL', KEYS[2], number) end
end
for index = 3 + count, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[index], ARGV[index + 1]) end
return { 'OK' }
