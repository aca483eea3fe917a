-- Holds the lock KEYS[1], which the token ARGV[1] has, for ARGV[2] ms from now on. Returns 0 if the
-- token no longer has it.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
