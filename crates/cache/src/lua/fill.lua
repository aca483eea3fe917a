-- Stores a value, unless the lease on making it has ended or there is one that was made later.
--
-- KEYS      the value, and the lease on making it
-- ARGV      the token of the lease, the head, what is left of the lifetime in ms, and the value
-- Returns   1 if it was stored.
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('UNLINK', KEYS[2])
local left = ARGV[3] + 0
if left < 1 then return 0 end
if age_of(ARGV[2], left) > age_of(read_head(KEYS[1]), redis.call('PTTL', KEYS[1])) then return 0 end
write(KEYS[1], ARGV[2], left)
return 1
