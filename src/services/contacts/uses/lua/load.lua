-- Loads a sorted set that `read.lua` has begun. KEYS[1] is the set. ARGV: the generation, then each score with its member.
-- A score that is higher by now stays.
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  return 0
end
for place = 2, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], 'GT', ARGV[place], ARGV[place + 1])
end
redis.call('ZADD', KEYS[1], 'inf', ARGV[1])
return 1
