-- One counter, set to zero when a window begins. The key holds the start of its window and what
-- was used of it.

--- state start, used, kept

--- load
start, used = now - now % window, 0
local stored = call('GET', key)
if stored then
  local from, charged = unpack('<dd', stored)
  if from >= start then
    if from > now then now = from end
    start, used, kept = from, charged, true
  end
end

--- wait
if units > limit then
  wait = -1
elseif used + units <= limit then
  wait = 0
else
  wait = start + window - now
end

--- remaining
remaining = limit - used

--- charge
used = used + units
if used < 0 then used = 0 end
if kept then
  call('SET', key, pack('<dd', start, used), 'KEEPTTL')
else
  call('SET', key, pack('<dd', start, used), 'PX', start + window - now)
end
