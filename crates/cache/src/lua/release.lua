-- Gives back the lock KEYS[1], which the token ARGV[1] has. Returns 0 if it no longer has it.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('UNLINK', KEYS[1])
