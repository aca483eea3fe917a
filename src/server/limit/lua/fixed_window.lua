-- One counter, set to zero when a window begins.
-- The key holds "<start of the window> <used>".
algorithms.fixed_window = {
  load = function(key, now, limit, window)
    local start = now - now % window
    local stored = redis.call('GET', key)
    if stored then
      local from, used = string.match(stored, '^(%d+) (%d+)$')
      from = tonumber(from)
      if from >= start then
        return math.max(now, from), from, tonumber(used)
      end
    end
    return now, start, 0
  end,

  wait = function(now, limit, window, cost, start, used)
    if cost > limit then return -1 end
    if used + cost <= limit then return 0 end
    return start + window - now
  end,

  remaining = function(now, limit, window, start, used)
    return math.max(0, limit - used)
  end,

  charge = function(key, now, limit, window, cost, start, used)
    used = math.max(0, used + cost)
    redis.call('SET', key, string.format('%.0f %.0f', start, used), 'PX', start + window - now)
    return start, used
  end,
}
