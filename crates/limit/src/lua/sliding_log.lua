-- The time of every unit of cost of the last window. The key holds a sorted set: one member
-- "<time>-<number>" a unit, scored by its time. Numbers are padded, so that those of one
-- millisecond sort, and are taken back, in order.

--- state used, newest

--- load
used, newest = 0, 0
local last = call('ZRANGE', key, -1, -1, 'WITHSCORES')[2]
if last then
  newest = last + 0
  if newest > now then now = newest end
  used = call('ZCOUNT', key, '(' .. format('%.0f', now - window), '+inf')
end

--- wait
local over = used + units - limit
if units > limit then
  wait = -1
elseif over <= 0 or used == 0 then
  wait = 0
elseif over < used then
  -- The first `over` of those that count must go. They count from the end of the set, since
  -- what no longer counts may still be at its beginning.
  local index = over - 1 - used
  wait = call('ZRANGE', key, index, index, 'WITHSCORES')[2] + window - now
else
  wait = newest + window - now
end

--- remaining
remaining = limit - used

--- charge
if units < 0 then
  local back = -units
  if back > used then back = used end
  if back > 0 then call('ZPOPMAX', key, back) end
  used = used - back
  newest = (call('ZRANGE', key, -1, -1, 'WITHSCORES')[2] or 0) + 0
else
  call('ZREMRANGEBYSCORE', key, '-inf', format('%.0f', now - window))
  local number = 0
  if newest == now then number = call('ZCOUNT', key, now, now) end
  for first = 1, units, 1000 do
    local members = {}
    for unit = first, units < first + 999 and units or first + 999 do
      members[#members + 1] = now
      members[#members + 1] = format('%.0f-%09d', now, number + unit)
    end
    call('ZADD', key, spread(members))
  end
  call('PEXPIRE', key, window)
  used, newest = used + units, now
end
