-- A value in one piece: a string that begins with a line that is its head.
local function read_head(key)
  return redis.call('GET', key)
end

local function read_value(key, head)
  return head
end

local function write(key, head, lifetime)
  redis.call('SET', key, head .. '\n' .. ARGV[4], 'PX', lifetime)
end
