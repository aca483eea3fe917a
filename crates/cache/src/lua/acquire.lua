-- Takes a lock.
--
-- KEYS      the lock, and the last fencing token
-- ARGV      how long it is taken for, and how long the token is remembered, in ms
-- Returns   the fencing token; nil if somebody has the lock.
if redis.call('EXISTS', KEYS[1]) == 1 then return false end
local time = redis.call('TIME')
local token = time[1] * 1000000 + time[2]
local last = redis.call('GET', KEYS[2])
if last and token <= last + 0 then token = last + 1 end
local text = string.format('%.0f', token)
redis.call('SET', KEYS[2], text, 'PX', ARGV[2])
redis.call('SET', KEYS[1], text, 'PX', ARGV[1])
return token
