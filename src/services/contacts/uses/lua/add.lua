-- Raises scores of a sorted set that is loaded or being loaded. KEYS[1] is the set. ARGV: each score with its member.
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
for place = 1, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], 'GT', ARGV[place], ARGV[place + 1])
end
return 1
