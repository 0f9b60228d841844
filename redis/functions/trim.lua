-- Drops the oldest entries of a stream, at most `step` of them, and never past a limit.
-- KEYS: line, stream. ARGV: up to (inclusive), step, field that limits, field of the first kept.
-- Reply: 'MORE' while more is to be dropped, else 'OK'.
local limit = tonumber(redis.call('HGET', KEYS[1], ARGV[3]) or 0)
local first = tonumber(redis.call('HGET', KEYS[1], ARGV[4]) or 1)
local to = math.min(tonumber(ARGV[1]), limit)
if to < first then return { 'OK' } end
local stop = math.min(to, first + tonumber(ARGV[2]) - 1)
redis.call('XTRIM', KEYS[2], 'MINID', '=', string.format('%.0f-0', stop + 1))
redis.call('HSET', KEYS[1], ARGV[4], string.format('%.0f', stop + 1))
if stop < to then return { 'MORE' } end
return { 'OK' }
