-- Decides on one request under one policy or several, all or nothing.
--
-- KEYS      one for each policy
-- ARGV[1]   the time in ms since the epoch; empty for the clock of Redis, which all instances share
-- ARGV[2]   "charge", "peek" (changes nothing) or "refund" (takes back, never beyond the quota)
-- then for each policy: the algorithm, the limit, the window in ms, the cost, and 1 in shadow mode
--
-- Returns the time, then for each policy: milliseconds until the cost can be charged (0 is now,
-- -1 is never), the remaining units, and milliseconds until the whole quota is back.
-- A refusal writes nothing.
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local operation = ARGV[2]
local answer = { now }
local states = {}
local allowed = true

for i, key in ipairs(KEYS) do
  local base = 5 * i - 2
  local algorithm = algorithms[ARGV[base]]
  local limit, window = tonumber(ARGV[base + 1]), tonumber(ARGV[base + 2])
  local time, a, b, c = algorithm.load(key, now, limit, window)
  local wait = algorithm.wait(time, limit, window, tonumber(ARGV[base + 3]), a, b, c)
  if wait ~= 0 and ARGV[base + 4] ~= '1' then allowed = false end
  answer[3 * i - 1] = wait
  states[i] = { time, a, b, c }
end

for i, key in ipairs(KEYS) do
  local base = 5 * i - 2
  local algorithm = algorithms[ARGV[base]]
  local limit, window = tonumber(ARGV[base + 1]), tonumber(ARGV[base + 2])
  local cost = tonumber(ARGV[base + 3])
  local time, a, b, c = unpack(states[i], 1, 4)
  if operation == 'refund' then
    a, b, c = algorithm.charge(key, time, limit, window, -cost, a, b, c)
  elseif operation == 'charge' and allowed and answer[3 * i - 1] == 0 then
    a, b, c = algorithm.charge(key, time, limit, window, cost, a, b, c)
  end
  answer[3 * i] = algorithm.remaining(time, limit, window, a, b, c)
  answer[3 * i + 1] = algorithm.wait(time, limit, window, limit, a, b, c)
end
return answer
