-- Reads the members with the highest scores. KEYS[1] is the sorted set of a book. ARGV: the generation, how many, and the
-- lifetime of a set in milliseconds.
--
-- A member named after the generation says whether the set is loaded: it has the score inf, and -inf while a client loads
-- the set. Returns false if there is no loaded set of this generation; the client that asked should load it.
local state = redis.call('ZSCORE', KEYS[1], ARGV[1])
if state == 'inf' then
  return redis.call('ZREVRANGE', KEYS[1], 1, ARGV[2])
end
if not state then
  redis.call('DEL', KEYS[1])
  redis.call('ZADD', KEYS[1], '-inf', ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return false
