-- Reads a value or, if there is none that will do, takes the right to make it.
--
-- KEYS      the value, and the lease on making it
-- ARGV      the generation that is current, the version of the schema, the age in ms that the value
--           must be younger than (or "" for any), a token, how long the lease lasts in ms, and 1 if
--           an old value is of use while somebody else has the lease
-- Returns   the age of the value in ms (-1 if there is none), the value if it is of use, and 1 if it
--           will do, 2 if the lease is ours now, 0 if somebody else has it.
local head = read_head(KEYS[1])
local age, generation, schema = -1, nil, nil
if head then
  generation, schema = string.match(head, '^(%S+) (%d+) ')
  age = age_of(head, redis.call('PTTL', KEYS[1]))
end
local state = 1
if generation ~= ARGV[1] or schema ~= ARGV[2] or (ARGV[3] ~= '' and age >= ARGV[3] + 0) then
  state = redis.call('SET', KEYS[2], ARGV[4], 'NX', 'PX', ARGV[5]) and 2 or 0
end
if age == math.huge then age = -1 end
local wanted = state == 1 or (state == 0 and ARGV[6] == '1')
return { age, head and wanted and read_value(KEYS[1], head) or false, state }
