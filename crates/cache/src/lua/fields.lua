-- A value as a hash, its fields readable one by one. The field with the empty name is the head.
local function read_head(key)
  return redis.call('HGET', key, '')
end

local function read_value(key, head)
  return redis.call('HGETALL', key)
end

local function write(key, head, lifetime)
  redis.call('UNLINK', key)
  redis.call('HSET', key, '', head, unpack(ARGV, 4))
  redis.call('PEXPIRE', key, lifetime)
end
