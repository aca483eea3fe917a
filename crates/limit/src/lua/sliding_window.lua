-- Two counters, the older weighted by how much of its window is less than a window ago. The key
-- holds the start of the current window, what was charged in it, and in the one before.

--- state start, current, last, kept

--- load
start, current, last = now - now % window, 0, 0
local stored = call('GET', key)
if stored then
  local from, charged, before = unpack('<ddd', stored)
  if from >= start then
    if from > now then now = from end
    start, current, last, kept = from, charged, before, true
  elseif from == start - window then
    last = charged
  end
end

--- wait
local elapsed = now - start
local at = window
if units > limit then
  wait = -1
else
  -- In this window, once the last one weighs little enough.
  local room = limit - current - units
  if room >= last then
    at = 0
  elseif room >= 0 then
    at = window - floor(((room + 1) * window - 1) / last)
  end
  if at < window then
    wait = at - elapsed
    if wait < 0 then wait = 0 end
  else
    -- In the next one, where the current one is the last.
    room, at = limit - units, 0
    if current > room then at = window - floor(((room + 1) * window - 1) / current) end
    wait = window - elapsed + at
  end
end

--- remaining
remaining = limit - current - floor(last * (window - (now - start)) / window)

--- charge
current = current + units
if current < 0 then current = 0 end
if kept then
  call('SET', key, pack('<ddd', start, current, last), 'KEEPTTL')
else
  call('SET', key, pack('<ddd', start, current, last), 'PX', start + 2 * window - now)
end
