-- Two counters, the older weighted by how much of its window is less than a window ago.
-- The key holds "<start of the current window> <current> <last>".
local function weighs_at_most(last, room, window)
  if last <= room then return 0 end
  return window - math.floor(((room + 1) * window - 1) / last)
end

algorithms.sliding_window = {
  load = function(key, now, limit, window)
    local start = now - now % window
    local stored = redis.call('GET', key)
    if stored then
      local from, current, last = string.match(stored, '^(%d+) (%d+) (%d+)$')
      from = tonumber(from)
      if from >= start then
        return math.max(now, from), from, tonumber(current), tonumber(last)
      elseif from == start - window then
        return now, start, 0, tonumber(current)
      end
    end
    return now, start, 0, 0
  end,

  wait = function(now, limit, window, cost, start, current, last)
    if cost > limit then return -1 end
    local elapsed = now - start
    local room = limit - current - cost
    if room >= 0 then
      local at = weighs_at_most(last, room, window)
      if at < window then return math.max(0, at - elapsed) end
    end
    return window - elapsed + weighs_at_most(current, limit - cost, window)
  end,

  remaining = function(now, limit, window, start, current, last)
    local weighted = math.floor(last * (window - (now - start)) / window)
    return math.max(0, limit - current - weighted)
  end,

  charge = function(key, now, limit, window, cost, start, current, last)
    current = math.max(0, current + cost)
    redis.call('SET', key, string.format('%.0f %.0f %.0f', start, current, last),
      'PX', start + 2 * window - now)
    return start, current, last
  end,
}
