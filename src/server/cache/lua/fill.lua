-- Stores a value, unless the lease on making it is no longer ours: then somebody else has been
-- asked to make it, perhaps from newer data.
--
-- KEYS      the value, and the lease on making it
-- ARGV      the token of the lease, the generation and the version of the schema, how long the making
--           took in ms, the lifetime in ms, and the value
-- Returns   1 if it was stored.
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('UNLINK', KEYS[2])
local head = ARGV[2] .. ' ' .. string.format('%.0f', milliseconds()) .. ' ' .. ARGV[3]
write(KEYS[1], head, ARGV[4])
return 1
